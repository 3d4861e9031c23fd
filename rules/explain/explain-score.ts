import { IDLE_SCORE_PERMILLE, ONE_PPM, TIER_FACTOR_PPM } from '../constants.js'
import { afterCheats } from '../settle/score.js'
import type { Tier } from '../tiers.js'
import { tierName } from './format-text.js'

/** What settling found. */
export interface ScoreFacts {
  n: number
  /** When settlement began. */
  tier: Tier
  cheats: number
  speedPpm: number
  /** Null without any, and of an interval that an older version settled. */
  meanRewardPpm: number | null
  observationPpm: number | null
  scoreBefore: number
  scoreAfter: number
  alphaPpm: number
}

export interface ScoreExplanation {
  tierFactorPpm: number
  /** For people. */
  text: string
}

/** The parts of a score: mean reward · speed · tier = observation, which moves the score by alpha. */
export function explainScore(facts: ScoreFacts): ScoreExplanation {
  return {
    tierFactorPpm: TIER_FACTOR_PPM[facts.tier],
    text: `${observed(facts)} ${averaged(facts)}`,
  }
}

function observed({
  n,
  tier,
  cheats,
  speedPpm,
  meanRewardPpm,
  observationPpm,
}: ScoreFacts): string {
  if (observationPpm === null) return `In interval ${n} nothing paid or cost it anything.`
  const observation = `Its observation in interval ${n} was ${decimal(observationPpm)}`
  if (meanRewardPpm === null) return `${observation}.`
  if (meanRewardPpm <= 0) return `${observation}, its mean reward.`
  if (cheats > 0) return `${observation}, because a cheat stands.`
  if (observationPpm === 0) {
    return `${observation}, because it refused an opening, or more than half of what it was offered.`
  }
  return (
    `Its mean reward in interval ${n} was ${decimal(meanRewardPpm)}; times ${decimal(speedPpm)} for speed and ` +
    `${decimal(TIER_FACTOR_PPM[tier])} for ${tierName(tier)} that is an observation of ${decimal(observationPpm)}.`
  )
}

function averaged({
  cheats,
  observationPpm,
  scoreBefore,
  scoreAfter,
  alphaPpm,
}: ScoreFacts): string {
  const kept = afterCheats(scoreBefore, cheats)
  const before = cheats > 0 ? `${decimal(kept)} (halved for each cheat)` : 'the score before'
  const parts =
    observationPpm === null
      ? `${IDLE_SCORE_PERMILLE} of 1000 parts of ${before}`
      : `${percent(ONE_PPM - alphaPpm)} of ${before} and ${percent(alphaPpm)} of the observation`
  return `The score went from ${decimal(scoreBefore)} to ${decimal(scoreAfter)}: ${parts}.`
}

/** `0.5225` */
function decimal(ppm: number): string {
  return String(Number((ppm / ONE_PPM).toFixed(4)))
}

/** `95 %` */
function percent(ppm: number): string {
  return `${ppm / 10_000} %`
}
