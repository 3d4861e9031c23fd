import type { MechanismProfile } from '../profile.js'
import { type Counts, losesRate } from '../settle/rates.js'
import type { MoveReason } from '../settle/settlement.js'
import type { Tier } from '../tiers.js'
import { grouped, tierName, tierRate } from './format-text.js'

/** Includes reasons stored by older versions. */
export type StoredMoveReason = MoveReason | 'refusals'

/** Each reason of a move with the explanation shown to people. */
export const MOVE_REASONS: Readonly<Record<StoredMoveReason, string>> = {
  promoted:
    'promoted: both rates, the minimum of total successes and the passed validations of the higher tier were met',
  fast_return:
    'back to Challenger: it had fallen for downtime only, and met Challenger’s rates again',
  cheat: 'down to Bronze: one of its answers was found to be a cheat',
  rate_missed: 'relegated: a success rate of its tier was missed',
  downtime:
    'relegated for downtime: a rate was missed, and every failure was no answer or no connection',
  refusals:
    'relegated: it refused more than half of what it was offered in three intervals in a row',
}

/** A prover's results in an interval that moved it. */
export interface MoveFindings {
  counts: Counts & { cheats: number }
  /** The rule the interval was settled by. */
  tiersRule: MechanismProfile['tiersRule']
}

/**
 * Describes one move, with the numbers that decided it if they are available.
 * @param findings null if the interval's are not available
 */
export function moveReasonText(
  { fromTier, reason }: { fromTier: Tier; reason: StoredMoveReason },
  findings: MoveFindings | null,
): string {
  const plain = MOVE_REASONS[reason]
  if (findings === null) return plain
  const { cheats } = findings.counts
  switch (reason) {
    case 'cheat':
      return cheats < 2
        ? plain
        : `down to Bronze: ${grouped(cheats)} of its answers were found to be cheats`
    case 'rate_missed':
    case 'downtime': {
      const missed = missedRates(fromTier, findings)
      if (missed === null) return plain
      return reason === 'rate_missed'
        ? `relegated: ${missed}`
        : `relegated for downtime: ${missed}; every failure was no answer or no connection`
    }
    case 'promoted':
    case 'fast_return':
    case 'refusals':
      return plain
  }
}

/** Which rates of the tier were missed, and by how much; null: none by these counts. */
function missedRates(tier: Tier, { counts, tiersRule }: MoveFindings): string | null {
  const { requestAttempts, requestSuccesses, checksJudged, checksPassed } = counts
  const rates = [
    { name: 'request success rate', have: requestSuccesses, of: requestAttempts },
    { name: 'validation success rate', have: checksPassed, of: checksJudged },
  ]
  const missed = rates
    .filter(({ have, of }) => losesRate(tier, have, of, tiersRule))
    .map(
      ({ name, have, of }, i) =>
        `its ${name} ${i === 0 ? 'was ' : ''}${grouped(have)} of ${grouped(of)}`,
    )
  if (missed.length === 0) return null
  const asked = `${tierName(tier)} requires ${tierRate(tier)}`
  const by =
    tiersRule === 'literal' ? asked : `${asked} and chance does not explain so many failures`
  return `${missed.join(' and ')}, ${by}`
}
