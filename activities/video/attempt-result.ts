import { type AttemptResult, NO_ANSWER } from '../../ledger/requests/attempts.js'
import { failureOutcome, type OwnFault } from '../../rules/judge/own-failure.js'
import type { RequestOutcome } from '../../wire/outcome.js'

/** The result to store when the verifier could not do its part: it counts for no prover. */
export function verifierFault(reason: OwnFault, message: string | null): AttemptResult {
  return { ...NO_ANSWER, outcome: 'neutral', reason, message }
}

/** The same where nobody could be reached. */
export function networkFault(): AttemptResult {
  return verifierFault('own_fault', 'nobody could be reached')
}

/**
 * The result to store for an attempt.
 * @param options.resent the same request was sent before: the prover may replay a stored answer, so the time
 * it took means nothing
 * @param options.isOurs a challenge, or a wide round's, not a user's
 * @param options.isPermitted whether we have a validator permit that provers know of: without one, they need not admit us
 */
export function attemptResult(
  outcome: RequestOutcome,
  {
    resent,
    isOurs = false,
    isPermitted = true,
  }: { resent: boolean; isOurs?: boolean; isPermitted?: boolean },
): AttemptResult {
  switch (outcome.kind) {
    case 'answered':
      return {
        outcome: 'success',
        reason: 'served',
        message: null,
        framesSha256: outcome.framesSha256,
        traceRoot: outcome.traceRoot,
        determinismClass: outcome.determinismClass,
        modelRoot: outcome.modelRoot,
        signature: outcome.signature,
        requestNonce: outcome.request.nonce,
        requestSignature: outcome.request.signature,
        timings: { ...outcome.timings },
        warnings: [...outcome.warnings],
        elapsedUs: resent ? null : outcome.elapsedUs,
        firstRecordUs: resent ? null : outcome.firstRecordMs * 1000,
        taken: null,
      }
    case 'refused':
      return {
        ...NO_ANSWER,
        outcome: 'refused',
        reason: 'refused',
        message: null,
        taken: outcome.taken,
      }
    case 'failed':
      if (outcome.notAdmitted && !isPermitted) return verifierFault('own_fault', outcome.message)
      return {
        ...NO_ANSWER,
        outcome: failureOutcome(outcome.reason, { isOurs }),
        reason: outcome.reason,
        message: outcome.message,
      }
  }
}
