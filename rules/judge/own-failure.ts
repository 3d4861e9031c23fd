import { INFERENCE_PENALTY_PPM, OWN_NETWORK_PROVERS } from '../constants.js'
import type { AnswerRow } from '../settle/settlement.js'
import type { Reason } from '../verdicts.js'
import type { Judgement } from './judge-answer.js'

/**
 * Reasons that a prover gives when a request may be impossible: nobody's fault, unless another prover
 * completes the request; then it is a failure of the prover that gave the reason.
 */
export const MAYBE_IMPOSSIBLE: readonly Reason[] = ['invalid_request', 'out_of_memory']

/** Failures on the verifier's side: they count for nobody. */
export type OwnFault = Extract<Reason, 'own_fault' | 'own_clock'>

export function isOwnFault(reason: string | null): reason is OwnFault {
  return reason === 'own_fault' || reason === 'own_clock'
}

/**
 * How long after a verifier got its permit nobody is blamed for not admitting it: provers read the metagraph once a minute, some
 * (ours, of callers without a permit) every five seconds, and their node may be some blocks behind.
 */
export const PERMIT_KNOWN_MS = 90_000

/**
 * How an attempt that failed for this reason counts. A cancelled request counts for nobody.
 * @param options.isOurs a challenge's or a wide round's: these are of a size that counts, so none is impossible.
 * Otherwise a GPU behind several hotkeys could refuse what it has no time for, and lose no slot by it.
 */
export function failureOutcome(
  reason: Reason,
  { isOurs }: { isOurs: boolean },
): AnswerRow['outcome'] {
  if (reason === 'cancelled') return 'neutral'
  return !isOurs && MAYBE_IMPOSSIBLE.includes(reason) ? 'neutral' : 'failure'
}

/** The check of kind `answer` for a user's request that failed, whether the request counts or not. */
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
  /** The network that its address belongs to; null without an address. */
  network: string | null
  reached: boolean
}

/**
 * Whether the verifier's own network failed: at least three provers, of three owners and three networks, were
 * asked at the same instant, and none could be reached. That counts for nobody. Fewer could all be down, or
 * could belong to one owner and go down together.
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

/** What a prover's answer says about a request's timestamp; `silent`: nothing. */
export type ClockWord = 'accepted' | 'stale' | 'silent'

/**
 * Whether the verifier's own clock is wrong: of all provers asked at the same instant, those that said
 * anything about the timestamp rejected it. One that accepts it is enough to clear the verifier: whoever
 * calls it stale then has a wrong clock, or wants to avoid the request. Provers other than the challenged
 * ones must be among those asked, because the challenged may all belong to one owner.
 */
export function isOwnClock(words: readonly ClockWord[]): boolean {
  return words.includes('stale') && !words.includes('accepted')
}
