import { ONE_PPM } from '../constants.js'
import { RuleError } from '../error.js'
import { grouped } from './format-text.js'

/** How sure the smallest share that would have been noticed is meant to be. */
export const DETECTION_CONFIDENCE_PERMILLE = 950

/**
 * The smallest number m of cheated answers that checks would have caught with 95 % probability, when
 * `checks` of `answers` answers, drawn at random without replacement, were checked in full: the least
 * m with 1 − C(N−m, k)/C(N, k) ≥ 0.95 (mechanism.md section 4). Null when nothing was checked.
 * @throws RuleError `bad_input` for counts that are no counts, and more checks than answers
 */
export function smallestCaught(answers: number, checks: number): number | null {
  if (!Number.isSafeInteger(answers) || !Number.isSafeInteger(checks) || checks < 0) {
    throw new RuleError('bad_input', 'counts of answers and checks are whole and not negative')
  }
  if (checks > answers) throw new RuleError('bad_input', `${checks} checks of ${answers} answers`)
  if (checks === 0) return null
  let low = 1
  // All cheated: the first check finds it.
  let high = answers
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (isCaught(answers, checks, middle)) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * 1 − C(N−m, k)/C(N, k) ≥ 950/1000, as a product of min(m, k) factors below one: m and k may change
 * places, and it may stop as soon as the product is small enough.
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

/** What was checked of a prover's answers. */
export interface CheckedCounts {
  answers: number
  /** Of them, computed again in full and compared. */
  fullChecks: number
  /** Of the others, those of which a step and a frame were computed again. */
  spotChecks: number
}

export interface Detection extends CheckedCounts {
  /**
   * Share, in parts per million, of answers that are cheated throughout: every step of them is false, so that any
   * check finds one. Null when nothing was checked.
   */
  smallestSharePpm: number | null
  /** The same of answers with anything false in them, which only a full check is sure to find. */
  smallestShareFullPpm: number | null
  /** For people. */
  text: string
}

/** What the checks of so many answers say of a prover that would cheat in some of them. */
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
      : `None of its ${grouped(answers)} answers was computed again: nothing can be said.`
  }
  const found = (cheated: number) =>
    `${grouped(cheated)} or more of them (${Number(((100 * cheated) / answers).toFixed(2))} %)`
  const checked = `Of its ${grouped(answers)} answers ${grouped(fullChecks)} were computed again in full, and of ${grouped(spotChecks)} others a step and a frame.`
  const throughout = `Had ${found(any)} been cheated throughout (another model, precision or seed, fewer steps, a cached or invented video), that would have been found with at least 95 % probability`
  return full === null
    ? `${checked} ${throughout}.`
    : `${checked} ${throughout}; had ${found(full)} been cheated in a single step, by the full checks alone.`
}
