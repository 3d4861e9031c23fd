import type { Hex } from '../../formats/bytes.js'
import { CHALLENGE_PENALTY_PPM, INFERENCE_PENALTY_PPM } from '../constants.js'
import type { Tier } from '../tiers.js'
import type { Reason } from '../verdicts.js'
import { type GroundTruth, type Judgement, judgeAudit, judgeChallenge } from './judge-answer.js'
import { isOwnFault } from './own-failure.js'

/** How a request to a prover ended. */
export type AttemptOutcome =
  | { outcome: 'success'; framesSha256: Hex; traceRoot: Hex; determinismClass: string }
  | { outcome: 'failure' | 'neutral' | 'refused'; reason: Reason }

/** What is known about a check that has no verdict yet. */
export interface DueCheck {
  kind: 'challenge' | 'audit'
  /** Null while it is in progress, and if the prover was never asked. */
  attempt: AttemptOutcome | null
  /** As recorded when the interval opened; null if the prover is not part of the interval. */
  prover: { determinismClass: string | null; tier: Tier } | null
  /** Null if there is none yet. */
  truth: GroundTruth | null
  /** Similarity of the answer's frames to the ground truth's; null if not compared. */
  cosinePpm: number | null
  /** The certificate that counts for the answer's class; null when the verifier has none. */
  certificate: { exact: boolean } | null
  /** Whether to stop waiting for what may still come (an outcome, a ground truth, a confirmation). */
  final: boolean
}

/**
 * The verdict of a check, once it can be given: first by how the request ended, then by what the bytes say.
 * What the verifier failed to do (the request, a ground truth, a confirmation) accuses nobody.
 * @returns null while something may still come, and for refused or cancelled requests, which get no verdict
 */
export function judgeChallengeOrAudit(due: DueCheck): Judgement | null {
  const { kind, attempt, prover, truth, certificate, final } = due
  const penaltyPpm = kind === 'challenge' ? CHALLENGE_PENALTY_PPM : INFERENCE_PENALTY_PPM
  // Never asked, or the answer was lost on our side.
  if (attempt === null || prover === null) return final ? abstained('own_fault') : null
  // Neither a refusal nor a request that we cancelled says anything about what the prover would have sent.
  if (attempt.outcome === 'refused') return null
  if (attempt.outcome === 'neutral' && attempt.reason === 'cancelled') return null
  if (attempt.outcome !== 'success') {
    const { reason } = attempt
    return isOwnFault(reason) ? abstained(reason) : failed(reason, penaltyPpm)
  }
  // Without a certificate for its class, nobody computes it: it is not the verifier's class.
  if (truth === null && certificate !== null) return final ? abstained('no_time') : null
  const judge = kind === 'challenge' ? judgeChallenge : judgeAudit
  const judgement = judge({
    answer: { ...attempt, classAtOpen: prover.determinismClass ?? attempt.determinismClass },
    truth,
    exact: certificate?.exact ?? false,
    cosinePpm: due.cosinePpm,
    tier: prover.tier,
  })
  return judgement.reason === 'not_confirmed' && !final ? null : judgement
}

function abstained(reason: Reason): Judgement {
  return { verdict: 'abstained', reason, rewardPpm: null }
}

function failed(reason: Reason, rewardPpm: number): Judgement {
  return { verdict: 'fail', reason, rewardPpm }
}
