import { TIER_RATE_PERMILLE } from '../constants.js'
import type { MechanismProfile } from '../profile.js'
import type { Tier } from '../tiers.js'
import { evidenceRefutes } from './evidence-table.js'
import type { Tally } from './tally.js'

export type Counts = Pick<
  Tally,
  'requestAttempts' | 'requestSuccesses' | 'checksJudged' | 'checksPassed'
>

/** Least successes of so many attempts that meet a tier's rate literally: 1000·s ≥ 999·n. */
export function leastSuccesses(tier: Tier, attempts: number): number {
  return Math.floor(((TIER_RATE_PERMILLE[tier] ?? 0) * attempts + 999) / 1000)
}

/** Whether both rates of a tier are met to the letter; without user requests the request rate is. */
export function meetsRates(tier: Tier, counts: Counts): boolean {
  return (
    counts.requestSuccesses >= leastSuccesses(tier, counts.requestAttempts) &&
    counts.checksPassed >= leastSuccesses(tier, counts.checksJudged)
  )
}

/**
 * Whether a rate of the tier is lost by so many attempts of one kind. By the literal rule: it is
 * missed. By the evidence rule: the failures are more than chance explains at the tier's failure rate.
 * Without attempts nothing is.
 */
export function losesRate(
  tier: Tier,
  successes: number,
  attempts: number,
  rule: MechanismProfile['tiersRule'],
): boolean {
  if (rule === 'literal') return successes < leastSuccesses(tier, attempts)
  const permille = TIER_RATE_PERMILLE[tier]
  return permille !== null && evidenceRefutes(permille, attempts - successes, attempts)
}

/** Whether an interval costs the tier: a rate of either kind is lost. */
export function losesTier(
  tier: Tier,
  counts: Counts,
  rule: MechanismProfile['tiersRule'],
): boolean {
  const { requestAttempts, requestSuccesses, checksJudged, checksPassed } = counts
  return (
    losesRate(tier, requestSuccesses, requestAttempts, rule) ||
    losesRate(tier, checksPassed, checksJudged, rule)
  )
}
