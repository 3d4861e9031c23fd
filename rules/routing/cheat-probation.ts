import { CHECKS_AFTER_CHEAT } from '../constants.js'
import type { CheckRow } from '../settle/settlement.js'

/**
 * How many checks a prover passed since its last cheat, after more of its checks. Only a pass counts:
 * what was abstained or never drawn says nothing, and an answer that arrived well was not checked. A
 * cheat among them begins anew, whatever passed beside it.
 * @param before null: no cheat of it was found
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
 * Whether a cheat still keeps users' requests away while another prover is free. However many intervals
 * pass: one that is not checked has shown nothing.
 */
export function isOnProbation(passed: number | null): boolean {
  return passed !== null && passed < CHECKS_AFTER_CHEAT
}
