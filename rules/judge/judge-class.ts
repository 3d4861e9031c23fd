import { INFERENCE_PENALTY_PPM } from '../constants.js'
import type { Judgement } from './judge-answer.js'

/**
 * The verdict on an answer, other than to a challenge, that nobody here can compute: it counts like one that
 * failed its spot check, without a draw and without GPU time. Otherwise a prover that signs a class of its own
 * making would be paid for frames that nobody can check.
 * @param judged classes that could be judged when the interval opened, or can be since
 * @returns null for an answer of one of these
 */
export function judgeClass(
  { determinismClass }: { determinismClass: string },
  judged: ReadonlySet<string>,
): Judgement | null {
  if (judged.has(determinismClass)) return null
  return { verdict: 'unproven', reason: 'other_class', rewardPpm: INFERENCE_PENALTY_PPM }
}
