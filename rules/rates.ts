import { TIER_RATE_PERMILLE } from './constants.js'
import { evidenceRefutes } from './evidence-table.js'
import type { MechanismProfile } from './profile.js'
import type { Tally } from './tally.js'
import type { Tier } from './tiers.js'

type Counts = Pick<Tally, 'requestAttempts' | 'requestSuccesses' | 'checksJudged' | 'checksPassed'>

/** Literally: 1000·s ≥ 999·n. Without attempts nothing is missed. */
function meets(successes: number, attempts: number, permille: number): boolean {
  return 1000 * successes >= permille * attempts
}

/** Whether both rates of a tier are met to the letter; without user requests the request rate is. */
export function meetsRates(tier: Tier, counts: Counts): boolean {
  const permille = TIER_RATE_PERMILLE[tier]
  return (
    permille === null ||
    (meets(counts.requestSuccesses, counts.requestAttempts, permille) &&
      meets(counts.checksPassed, counts.checksJudged, permille))
  )
}

/**
 * Whether an interval costs the tier. By the literal rule: a rate is missed. By the evidence rule:
 * the failures of a kind are more than chance explains at the tier's failure rate.
 */
export function losesTier(
  tier: Tier,
  counts: Counts,
  rule: MechanismProfile['tiersRule'],
): boolean {
  if (rule === 'literal') return !meetsRates(tier, counts)
  const permille = TIER_RATE_PERMILLE[tier]
  if (permille === null) return false
  const { requestAttempts, requestSuccesses, checksJudged, checksPassed } = counts
  return (
    evidenceRefutes(permille, requestAttempts - requestSuccesses, requestAttempts) ||
    evidenceRefutes(permille, checksJudged - checksPassed, checksJudged)
  )
}
