import {
  IDLE_SCORE_PERMILLE,
  ONE_PPM,
  SHARE_WINDOW_INTERVALS,
  TIER_FACTOR_PPM,
} from '../constants.js'
import { shownCapacityPpm } from '../settle/capacity.js'
import { observe } from '../settle/observation.js'
import { afterCheats, nextScore } from '../settle/score.js'
import type { ProvenCapacity } from '../settle/settlement.js'
import type { Tier } from '../tiers.js'
import { tierName } from './format-text.js'

/** The result of settling. */
export interface ScoreFacts {
  n: number
  /** When settlement began. */
  tier: Tier
  cheats: number
  /** Null if an older version settled the interval. */
  proven: ProvenCapacity | null
  /** Null if there is none, or an older version settled the interval. */
  meanRewardPpm: number | null
  observationPpm: number | null
  scoreBefore: number
  scoreAfter: number
  alphaPpm: number
}

export interface ScoreExplanation {
  tierFactorPpm: number
  /** In words. */
  text: string
}

/** The parts of a score: mean reward · paid capacity · tier = observation, which moves the score by alpha. */
export function explainScore(facts: ScoreFacts): ScoreExplanation {
  return {
    tierFactorPpm: TIER_FACTOR_PPM[facts.tier],
    text: `${observed(facts)} ${averaged(facts)}`,
  }
}

function observed(facts: ScoreFacts): string {
  const { n, tier, cheats, proven, meanRewardPpm, observationPpm } = facts
  if (observationPpm === null) return `In interval ${n} nothing paid or cost it anything.`
  const observation = `Its observation in interval ${n} was ${decimal(observationPpm)}`
  if (meanRewardPpm === null || proven === null) return `${observation}.`
  if (meanRewardPpm <= 0) return `${observation}, its mean reward.`
  if (cheats > 0) return `${observation}, because it was caught cheating.`
  const { paidCapacityPpm } = proven
  if (observationPpm < observe(meanRewardPpm, paidCapacityPpm, tier, false)!) {
    return `${observation}, because it refused an opening.`
  }
  return (
    `Its mean reward in interval ${n} was ${decimal(meanRewardPpm)}; times ${gpus(paidCapacityPpm)} and ` +
    `${decimal(TIER_FACTOR_PPM[tier])} for ${tierName(tier)} that is an observation of ${decimal(observationPpm)}. ${paid(proven, tier)}`
  )
}

/** Explains the paid capacity. */
function paid(proven: ProvenCapacity, tier: Tier): string {
  const { wideSharePpm, offerSharePpm, capacityPpm, paidCapacityPpm } = proven
  const window = `the last ${SHARE_WINDOW_INTERVALS} settled intervals`
  if (capacityPpm === 0) {
    return `It was asked in no wide round of ${window}: until then nothing of it is proven.`
  }
  const shares =
    `In ${window} it proved ${gpus(capacityPpm)}, kept ${percent(wideSharePpm)} of its slots in wide ` +
    `rounds and accepted ${percent(offerSharePpm)} of what it was offered while it had room; both shares of it are paid`
  return paidCapacityPpm < shownCapacityPpm(proven)
    ? `${shares}, up to what ${tierName(tier)}’s limit of requests keeps busy.`
    : `${shares}.`
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
  if (scoreAfter < nextScore(kept, observationPpm, { alphaPpm, mayRise: true })) {
    return (
      `The score of ${decimal(scoreAfter)} did not rise: in Bronze it does so only in an interval in which a check is ` +
      'passed, and none was.'
    )
  }
  return `The score went from ${decimal(scoreBefore)} to ${decimal(scoreAfter)}: ${parts}.`
}

/** `1 GPU`, `0.91 of a GPU`, `3.5 GPUs` */
function gpus(ppm: number): string {
  if (ppm === ONE_PPM) return '1 GPU'
  return `${decimal(ppm)} ${ppm < ONE_PPM ? 'of a GPU' : 'GPUs'}`
}

/** `0.5225` */
function decimal(ppm: number): string {
  return String(Number((ppm / ONE_PPM).toFixed(4)))
}

/** `95 %`, `97.37 %` */
function percent(ppm: number): string {
  return `${Number((ppm / 10_000).toFixed(2))} %`
}
