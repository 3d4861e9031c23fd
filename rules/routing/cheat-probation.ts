import { CHECKS_AFTER_CHEAT } from '../constants.js'
import type { CheckRow } from '../settle/settlement.js'

/**
 * How many checks a prover has passed since its last cheat, updated with more of its checks. Only a pass
 * counts: abstained checks say nothing, and an answer that merely arrived was not checked. A cheat among them
 * resets the count to 0, whatever else passed.
 * @param before null: it was never caught cheating
 */
export function passedSinceCheat(
  before: number | null,
  checks: readonly Pick<CheckRow, 'kind' | 'verdict'>[],
): number | null {
  if (checks.some(({ verdict }) => verdict === 'cheat')) return 0
  if (before === null) return null
  return before + checks.filter((row) => row.verdict === 'pass' && row.kind !== 'answer').length
}

/**
 * Whether a past cheat still keeps users' requests away while another prover is free. It does not expire with
 * time: a prover that is not checked has shown nothing.
 */
export function isOnProbation(passed: number | null): boolean {
  return passed !== null && passed < CHECKS_AFTER_CHEAT
}
