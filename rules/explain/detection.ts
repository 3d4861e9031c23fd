import { ONE_PPM } from '../constants.js'
import { RuleError } from '../error.js'
import { grouped } from './format-text.js'

/** Confidence of the smallest share that would have been noticed. */
export const DETECTION_CONFIDENCE_PERMILLE = 950

/**
 * The smallest number m of cheated answers that checks would have caught with 95 % probability, when `checks`
 * of `answers` answers, drawn at random without replacement, were checked in full: the least m with 1 −
 * C(N−m, k)/C(N, k) ≥ 0.95 (mechanism.md section 4). Null when nothing was checked.
 * @throws RuleError `bad_input` for invalid counts, or more checks than answers
 */
export function smallestCaught(answers: number, checks: number): number | null {
  if (!Number.isSafeInteger(answers) || !Number.isSafeInteger(checks) || checks < 0) {
    throw new RuleError('bad_input', 'counts of answers and checks are whole and not negative')
  }
  if (checks > answers) throw new RuleError('bad_input', `${checks} checks of ${answers} answers`)
  if (checks === 0) return null
  let low = 1
  // If all are cheated, the first check finds one.
  let high = answers
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (isCaught(answers, checks, middle)) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * 1 − C(N−m, k)/C(N, k) ≥ 950/1000, as a product of min(m, k) factors below one: m and k are interchangeable,
 * and it can stop as soon as the product is small enough.
 */
function isCaught(answers: number, checks: number, cheated: number): boolean {
  const without = answers - Math.max(checks, cheated)
  let missing = 1000n
  let all = BigInt(1000 - DETECTION_CONFIDENCE_PERMILLE)
  for (let i = 0; i < Math.min(checks, cheated); i += 1) {
    if (i >= without) return true
    missing *= BigInt(without - i)
    all *= BigInt(answers - i)
    if (missing <= all) return true
  }
  return false
}

/** How many of a prover's answers were checked. */
export interface CheckedCounts {
  answers: number
  /** Of them, those recomputed in full and compared. */
  fullChecks: number
  /** Of the others, those of which a step and a frame were recomputed. */
  spotChecks: number
}

export interface Detection extends CheckedCounts {
  /**
   * Share, in parts per million, of answers that are cheated throughout: every step is false, so any check
   * finds one. Null if nothing was checked.
   */
  smallestSharePpm: number | null
  /** The same for answers with anything false in them, which only a full check is certain to find. */
  smallestShareFullPpm: number | null
  /** In words. */
  text: string
}

/** What this many checks would have detected if the prover had cheated in some of its answers. */
export function detectionOf(counts: CheckedCounts): Detection {
  const { answers, fullChecks, spotChecks } = counts
  const any = smallestCaught(answers, fullChecks + spotChecks)
  const full = smallestCaught(answers, fullChecks)
  const share = (cheated: number | null) =>
    cheated === null ? null : Math.floor((ONE_PPM * cheated) / answers)
  const shares = { smallestSharePpm: share(any), smallestShareFullPpm: share(full) }
  return { ...counts, ...shares, text: detectionText(counts, any, full) }
}

function detectionText(
  { answers, fullChecks, spotChecks }: CheckedCounts,
  any: number | null,
  full: number | null,
): string {
  if (any === null) {
    return answers === 0
      ? 'It gave no answers in these intervals, so there was nothing to check.'
      : `None of its ${grouped(answers)} answers was recomputed, so nothing can be said.`
  }
  const found = (cheated: number) =>
    `${grouped(cheated)} or more of them (${Number(((100 * cheated) / answers).toFixed(2))} %)`
  const checked = `Of its ${grouped(answers)} answers ${grouped(fullChecks)} were recomputed in full, and of ${grouped(spotChecks)} others a step and a frame.`
  const throughout = `Had ${found(any)} been cheated throughout (another model, precision or seed, fewer steps, a cached or invented video), that would have been found with at least 95 % probability`
  return full === null
    ? `${checked} ${throughout}.`
    : `${checked} ${throughout}; had ${found(full)} been cheated in a single step, by the full checks alone.`
}
