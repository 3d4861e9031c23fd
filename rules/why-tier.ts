import type { TierExplanation } from './explain-tier.js'
import { MOVE_REASONS } from './move-reasons.js'
import type { MoveReason } from './settlement.js'
import type { TierLine } from './tier-lines.js'
import type { Tier } from './tiers.js'
import { grouped, tierName } from './words.js'

export interface TierPast {
  /** The interval that the lines are of; null when none settled with the prover yet. */
  settledN: number | null
  lastMove: { n: number; reason: MoveReason } | null
}

/** One to three sentences: why a prover has its tier, what is missing for the next, what it risks. */
export function whyTier({ thisTier, nextTier }: TierExplanation, past: TierPast): string {
  return [here(thisTier.tier, past), ahead(nextTier, past), atRisk(thisTier, past)]
    .filter((sentence) => sentence !== null)
    .join(' ')
}

function here(tier: Tier, { lastMove }: TierPast): string {
  return lastMove === null
    ? `${tierName(tier)}: everyone starts in Bronze, and it has not moved yet.`
    : `${tierName(tier)} since interval ${lastMove.n}, ${MOVE_REASONS[lastMove.reason]}.`
}

function ahead(next: TierExplanation['nextTier'], { settledN }: TierPast): string {
  if (next === null) return 'There is no higher tier.'
  if (settledN === null) {
    return `No interval was settled with it yet; ${tierName(next.tier)} comes next.`
  }
  const missing = next.checks.filter((line) => !line.met)
  if (missing.length === 0) {
    return `An interval like ${settledN} promotes it to ${tierName(next.tier)}.`
  }
  return `For ${tierName(next.tier)} is missing: ${missing.map(missingText).join('; ')}.`
}

function atRisk({ tier, checks }: TierExplanation['thisTier'], past: TierPast): string | null {
  const missed = checks.filter((line) => !line.met)
  if (missed.length === 0 || past.settledN === null) return null
  return `In interval ${past.settledN} it missed what ${tierName(tier)} asks for: another like it costs this tier (${missed.map((line) => line.text).join('; ')}).`
}

function missingText(line: TierLine): string {
  switch (line.what) {
    case 'total_successes':
      return `${grouped(line.need - line.have)} more total successes (${grouped(line.have)} of ${grouped(line.need)})`
    case 'passed_validations_since_last_move':
      return `${line.need - line.have} more passed ${line.need - line.have === 1 ? 'validation' : 'validations'} since its last move (${line.have} of ${line.need})`
    case 'request_success_rate':
    case 'validation_success_rate':
    case 'cheats':
    case 'refusals':
      return line.text
  }
}
