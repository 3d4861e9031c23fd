import type { Tier } from '../tiers.js'
import type { TierExplanation } from './explain-tier.js'
import { grouped, howMany, tierName, tierRate } from './format-text.js'
import type { Caught, TierLine } from './tier-lines.js'

export interface TierPast {
  /** The interval that the lines are about; null if none was settled with the prover yet. */
  settledN: number | null
  /** The text is from `moveReasonText`. */
  lastMove: { n: number; text: string } | null
  caught: Caught
}

/**
 * One to four sentences: why a prover has its tier, what it was caught at, what is missing for the next, what
 * it risks.
 */
export function whyTier({ thisTier, nextTier }: TierExplanation, past: TierPast): string {
  return [
    here(thisTier.tier, past),
    caughtText(past),
    ahead(nextTier, past),
    atRisk(thisTier, past),
  ]
    .filter((sentence) => sentence !== null)
    .join(' ')
}

function here(tier: Tier, { lastMove, caught }: TierPast): string {
  if (lastMove !== null) {
    return `${tierName(tier)} since interval ${lastMove.n}, ${lastMove.text}.`
  }
  return caught.lastN === null
    ? `${tierName(tier)}: everyone starts in Bronze, and it has not moved yet.`
    : `${tierName(tier)}: it was caught cheating, and there is no lower tier.`
}

/** What it was caught at, however long ago: the tier alone does not show it. */
function caughtText({ caught: { cheats, lastN } }: TierPast): string | null {
  if (lastN === null) return null
  return cheats === 1
    ? `One of its answers was found to be a cheat, in interval ${lastN}.`
    : `${grouped(cheats)} of its answers were found to be cheats, the last in interval ${lastN}.`
}

function ahead(next: TierExplanation['nextTier'], { settledN }: TierPast): string {
  if (next === null) return 'There is no higher tier.'
  if (settledN === null) {
    return `No interval with it is shown yet; ${tierName(next.tier)} comes next.`
  }
  const missing = next.checks.filter((line) => !line.met)
  if (missing.length === 0) {
    return `An interval like ${settledN} promotes it to ${tierName(next.tier)}.`
  }
  const needs = missing.map((line) => missingText(next.tier, line))
  return `To reach ${tierName(next.tier)} it still needs ${needs.join('; ')}.`
}

function atRisk({ tier, checks }: TierExplanation['thisTier'], past: TierPast): string | null {
  const missed = checks.filter((line) => !line.met)
  if (missed.length === 0 || past.settledN === null) return null
  return `In interval ${past.settledN} it missed what ${tierName(tier)} requires: another like it costs this tier (${missed.map((line) => line.text).join('; ')}).`
}

/** Continues “it still needs”. */
function missingText(tier: Tier, line: TierLine): string {
  switch (line.what) {
    case 'total_successes':
      return `${howMany(line.need - line.have, 'more total success', 'more total successes')} (${grouped(line.have)} of ${grouped(line.need)})`
    case 'passed_validations_since_last_move':
      return `${howMany(line.need - line.have, 'more passed validation')} since its last move (${line.have} of ${line.need})`
    case 'request_success_rate':
      return `a request success rate of ${tierRate(tier)} (${didOf(line)} succeeded, ${wouldDo(line)})`
    case 'validation_success_rate':
      return line.of === 0
        ? 'a passed validation in an interval: without one nobody is promoted'
        : `a validation success rate of ${tierRate(tier)} (${didOf(line)} passed, ${wouldDo(line)})`
    case 'cheats':
      return `an interval without a cheat (${line.text})`
  }
}

function didOf({ have, of }: TierLine): string {
  return `${grouped(have)} of ${grouped(of ?? 0)}`
}

function wouldDo({ need }: TierLine): string {
  return `${grouped(need)} would have done`
}
