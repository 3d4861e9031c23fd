import { TIER_RATE_PERMILLE } from '../constants.js'
import type { MechanismProfile } from '../profile.js'
import type { Tier } from '../tiers.js'
import { evidenceRefutes } from './evidence-table.js'
import type { Tally } from './tally.js'

export type Counts = Pick<
  Tally,
  'requestAttempts' | 'requestSuccesses' | 'checksJudged' | 'checksPassed'
>

/**
 * Minimum successes among this many attempts that meet a tier's rate literally, for example 1000·s ≥ 999·n.
 */
export function leastSuccesses(tier: Tier, attempts: number): number {
  return Math.floor(((TIER_RATE_PERMILLE[tier] ?? 0) * attempts + 999) / 1000)
}

/** Whether both rates of a tier are met literally; without user requests, the request rate counts as met. */
export function meetsRates(tier: Tier, counts: Counts): boolean {
  return (
    counts.requestSuccesses >= leastSuccesses(tier, counts.requestAttempts) &&
    counts.checksPassed >= leastSuccesses(tier, counts.checksJudged)
  )
}

/**
 * Whether the attempts of one kind lose the tier's rate. By the literal rule: the rate is missed. By the
 * evidence rule: the failures are more than chance explains at the tier's failure rate. Without attempts,
 * nothing is lost.
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
