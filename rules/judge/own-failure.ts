import { INFERENCE_PENALTY_PPM, OWN_NETWORK_PROVERS } from '../constants.js'
import type { AnswerRow } from '../settle/settlement.js'
import type { Reason } from '../verdicts.js'
import type { Judgement } from './judge-answer.js'

/**
 * What a prover says of a request that may be impossible: nobody's fault, until another prover does
 * the request; then it is a failure of whoever said so.
 */
export const MAYBE_IMPOSSIBLE: readonly Reason[] = ['invalid_request', 'out_of_memory']

/** What went wrong on the verifier's side: it counts for nobody. */
export const OWN_FAULTS: readonly Reason[] = ['own_fault', 'own_clock']

/** How an attempt that failed for this reason counts. A cancelled request counts nowhere. */
export function failureOutcome(reason: Reason): AnswerRow['outcome'] {
  return reason === 'cancelled' || MAYBE_IMPOSSIBLE.includes(reason) ? 'neutral' : 'failure'
}

/** The check of kind `answer` that a user's request brings with it: its own failure, whether it counts or not. */
export function answerCheck({
  outcome,
  reason,
}: Pick<AnswerRow, 'outcome' | 'reason'>): Judgement | null {
  return outcome === 'failure'
    ? { verdict: 'fail', reason, rewardPpm: INFERENCE_PENALTY_PPM }
    : null
}

/** A prover that was asked, and whether it could be reached. */
export interface ReachedProver {
  hotkey: string
  coldkey: string
  /** That its address belongs to; null without an address. */
  network: string | null
  reached: boolean
}

/**
 * Whether it was the verifier's own network: at least three provers, of three owners and three networks, were
 * asked at the same instant, and none could be reached. That counts for nobody. Fewer can all be away, or be
 * one owner's that goes away together.
 */
export function isOwnNetwork(asked: readonly ReachedProver[]): boolean {
  if (asked.some(({ reached }) => reached)) return false
  const different = (of: (prover: ReachedProver) => string | null) =>
    new Set(asked.map(of).filter((value) => value !== null)).size
  const kinds = [
    (p: ReachedProver) => p.hotkey,
    (p: ReachedProver) => p.coldkey,
    (p: ReachedProver) => p.network,
  ]
  return kinds.every((of) => different(of) >= OWN_NETWORK_PROVERS)
}

/** What a prover's answer says of the time that a request was stamped with; `silent`: nothing. */
export type ClockWord = 'accepted' | 'stale' | 'silent'

/**
 * Whether it is the verifier's own clock that is wrong: of all who were asked at the same instant, those
 * that said anything of the stamp refused it. One that accepts it is enough: then whoever calls it stale
 * has the wrong clock, or wants to be left alone. Others than the challenged have to be among the asked,
 * because these may all be one owner's.
 */
export function isOwnClock(words: readonly ClockWord[]): boolean {
  return words.includes('stale') && !words.includes('accepted')
}
