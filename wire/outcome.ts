import type { Hex } from '../formats/bytes.js'
import type { ClockWord } from '../rules/judge/own-failure.js'
import type { WireError } from './error.js'
import type { AnswerTimings, AnswerWarning } from './schemas.js'

/** A whole answer whose frames, hashes and signature were checked. */
export interface Answered {
  kind: 'answered'
  /** Recomputed here from the received frames. */
  framesSha256: Hex
  /** f_1 … f_n, recomputed here. */
  frameDigests: Hex[]
  traceRoot: Hex
  determinismClass: string
  modelRoot: Hex
  /** The prover's verified signature over answerText. */
  signature: string
  timings: AnswerTimings
  warnings: AnswerWarning[]
  /** From sending to `done`, by this side's clock. */
  elapsedUs: number
  firstRecordMs: number
  /** The request's nonce and signature: without them, evidence is void. */
  request: { nonce: string; signature: string }
}

/**
 * - `unreachable`: no connection, or an address that is refused
 * - `no_answer`: connected, but the answer did not begin in time, or broke off
 * - `late`: the deadline passed, here or according to the prover
 * - `stalled`: silence while the request was running
 * - `malformed`: not an answer of this protocol
 * - `oversized`: more bytes than an honest answer can have
 * - `bad_signature`: the signature is not the prover's over this answer
 * - `class_changed`: the answer's determinism class is not the one that was recorded for the prover
 * - `invalid_request`, `out_of_memory`: the prover says that it can't do this request
 * - `stale`: the prover rejected the request's timestamp
 * - `cancelled`: by our own signal, never because the prover says so
 * - `error`: any other refusal or failure of the prover
 */
export type FailReason =
  | 'unreachable'
  | 'no_answer'
  | 'late'
  | 'stalled'
  | 'malformed'
  | 'oversized'
  | 'bad_signature'
  | 'class_changed'
  | 'invalid_request'
  | 'out_of_memory'
  | 'stale'
  | 'cancelled'
  | 'error'

interface Failed {
  kind: 'failed'
  reason: FailReason
  message: string
  /** Whether work on this request has visibly begun. */
  progressed: boolean
  /** It refused us as a caller, not this request. */
  notAdmitted?: true
}

/** At capacity (429), or just started, with a clock that is a little ahead of ours. */
interface Refused {
  kind: 'refused'
  retryAfterMs?: number
  /** Request ids of the valid `taken` confirmations that it presented. */
  taken: string[]
}

export type RequestOutcome = Answered | Refused | Failed

/** Whether a request failed for this reason. @param outcome null: none is known */
export function failedBy(outcome: RequestOutcome | null, reason: FailReason): boolean {
  return outcome?.kind === 'failed' && outcome.reason === reason
}

/** The outcome for an error on the wire; what a refusal presents is not validated here. */
export function failedOutcome(
  error: WireError,
  progressed: boolean,
): Omit<Refused, 'taken'> | Failed {
  const { status, retryAfterMs } = error.details as { status?: number; retryAfterMs?: number }
  const isRefused = status === 429 || error.details.code === 'before_start'
  if (error.code === 'http_refused' && isRefused) {
    return { kind: 'refused', ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  }
  const notAdmitted = error.code === 'http_refused' && isNotAdmitted(error.details.code)
  return {
    kind: 'failed',
    reason: failReasonOf(error),
    message: error.message,
    progressed,
    ...(notAdmitted ? { notAdmitted } : {}),
  }
}

/** Whether a refusal's code is about the caller's standing on the chain, which the caller can look up. */
export function isNotAdmitted(code: unknown): boolean {
  return code === 'no_permit' || code === 'not_registered'
}

/** Why an exchange failed, as the reason of an outcome. */
export function failReasonOf(error: WireError): FailReason {
  switch (error.code) {
    case 'address_refused':
    case 'tls_failed':
    case 'unreachable':
      return 'unreachable'
    case 'stream_oversized':
      return 'oversized'
    case 'stream_truncated':
    case 'stream_malformed':
    case 'frame_malformed':
    case 'http_malformed':
      return 'malformed'
    case 'http_refused':
      return refusalReason(error.details)
    case 'bad_request':
      return 'error'
    case 'no_answer':
    case 'late':
    case 'stalled':
    case 'cancelled':
    case 'bad_signature':
      return error.code
  }
}

function refusalReason({ status, code }: WireError['details']): FailReason {
  if (status === 401 && code === 'stale') return 'stale'
  return status === 400 || status === 422 ? 'invalid_request' : 'error'
}

/** What an outcome says about our clock. A prover checks the timestamp before everything else. */
export function clockWord(outcome: RequestOutcome): ClockWord {
  if (outcome.kind !== 'failed') return 'accepted'
  if (outcome.reason === 'stale') return 'stale'
  const read = outcome.progressed || ['invalid_request', 'out_of_memory'].includes(outcome.reason)
  return read ? 'accepted' : 'silent'
}

/**
 * What a refusal's code says about our clock. Whatever the reason for a refusal, the prover checked the timestamp
 * before; except for answers that may come from something in front of it.
 */
export function refusalClockWord(code: unknown): ClockWord {
  switch (code) {
    case 'stale':
      return 'stale'
    case 'before_start':
    case 'malformed':
    case 'wrong_receiver':
    case 'unknown':
      return 'silent'
    default:
      return 'accepted'
  }
}
