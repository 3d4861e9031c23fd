import { IDLE_SCORE_PERMILLE, ONE_PPM, TIER_FACTOR_PPM } from '../constants.js'
import { meanReward } from '../settle/observation.js'
import type { AnswerRow, CheckRow } from '../settle/settlement.js'
import { tallyProver } from '../settle/tally.js'
import type { Tier } from '../tiers.js'
import { tierName } from './format-text.js'

/** What settling found, and the rows it found it from. */
export interface ScoreFacts {
  n: number
  /** When settlement began. */
  tier: Tier
  cheats: number
  speedPpm: number
  observationPpm: number | null
  scoreBefore: number
  scoreAfter: number
  alphaPpm: number
  checks: readonly CheckRow[]
  /** Those that failed or were checked; others neither pay nor cost. */
  answers: readonly AnswerRow[]
}

export interface ScoreExplanation {
  /** Null when nothing was judged and no counted request failed. */
  meanRewardPpm: number | null
  tierFactorPpm: number
  /** For people. */
  text: string
}

/** The parts of a score: mean reward · speed · tier = observation, which moves the score by alpha. */
export function explainScore(facts: ScoreFacts): ScoreExplanation {
  const meanRewardPpm = meanReward(tallyProver(facts.answers, facts.checks))
  const tierFactorPpm = TIER_FACTOR_PPM[facts.tier]
  const parts = { meanRewardPpm, tierFactorPpm }
  const text = `${observed(facts, parts)} ${averaged(facts)}`
  return { ...parts, text }
}

function observed(
  { n, tier, cheats, speedPpm, observationPpm }: ScoreFacts,
  { meanRewardPpm, tierFactorPpm }: Omit<ScoreExplanation, 'text'>,
): string {
  if (observationPpm === null || meanRewardPpm === null) {
    return `In interval ${n} nothing of it was judged and no counted request failed.`
  }
  if (cheats > 0) return `A cheat stands in interval ${n}: its observation is 0.`
  if (observationPpm === 0 && meanRewardPpm > 0) {
    return `In interval ${n} it refused more than half of what it was offered: its observation is 0.`
  }
  const mean = `Its mean reward in interval ${n} was ${decimal(meanRewardPpm)}`
  if (meanRewardPpm <= 0) return `${mean}, which is its observation.`
  return `${mean}; times ${decimal(speedPpm)} for speed and ${decimal(tierFactorPpm)} for ${tierName(tier)} that is an observation of ${decimal(observationPpm)}.`
}

function averaged({ observationPpm, scoreBefore, scoreAfter, alphaPpm }: ScoreFacts): string {
  const parts =
    observationPpm === null
      ? `${IDLE_SCORE_PERMILLE} of 1000 parts of the score before`
      : `${percent(ONE_PPM - alphaPpm)} of the score before and ${percent(alphaPpm)} of the observation`
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
