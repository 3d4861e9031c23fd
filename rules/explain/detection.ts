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

export interface Detection {
  answers: number
  fullChecks: number
  /** Share of cheated answers in parts per million; null when nothing was checked. */
  smallestSharePpm: number | null
  /** For people. */
  text: string
}

/** What the full checks of so many answers say of a prover that would cheat in some of them. */
export function detectionOf(answers: number, fullChecks: number): Detection {
  const cheated = smallestCaught(answers, fullChecks)
  if (cheated === null) {
    const text =
      answers === 0
        ? 'It gave no answers in these intervals, so there was nothing to check.'
        : `None of its ${grouped(answers)} answers was computed again in full: nothing can be said.`
    return { answers, fullChecks, smallestSharePpm: null, text }
  }
  const smallestSharePpm = Math.floor((ONE_PPM * cheated) / answers)
  const share = Number((smallestSharePpm / 10_000).toFixed(2))
  return {
    answers,
    fullChecks,
    smallestSharePpm,
    text: `${grouped(fullChecks)} of its ${grouped(answers)} answers were computed again in full. Had ${grouped(cheated)} or more of them (${share} %) been cheated, that would have been found with at least 95 % probability.`,
  }
}
