import { ATTEMPT_FAILURES_MAX, ATTEMPT_WAIT_MS, ATTEMPT_WAITS_MAX } from '../constants.js'
import { isOwnFault, type OwnFault } from '../judge/own-failure.js'

/**
 * How one attempt at a user's request ended. `refused`: the prover is at capacity, ask another;
 * `failed_over`: the prover failed or was outpaced, ask another; `no_prover`: no prover can take it now;
 * `own_clock`: no prover takes requests from us until our clock is set; `own_fault`: our network, or our permit, is away.
 */
export interface AttemptEnd {
  readonly kind: 'answered' | 'failed_over' | 'refused' | 'no_prover' | OwnFault | 'cancelled'
  readonly reason?: string
  /** With `answered`: the attempt has completed the request as well, from the frames that it still had. */
  readonly finished?: boolean
  /**
   * With `no_prover`: the provers that could take it are cooling down, and the first may be asked after this
   * time.
   */
  readonly freeInMs?: number
}

/** The progress of a user's request, as plain data. */
export interface VideoRun {
  /** From 1: the number of the next attempt. */
  readonly attempt: number
  /** Why provers failed it, in order. */
  readonly failures: readonly (string | undefined)[]
  /** How often it waited for a prover. */
  readonly waits: number
}

export const FIRST_ATTEMPT: VideoRun = { attempt: 1, failures: [], waits: 0 }

/** What to do after an attempt. */
export type VideoStep =
  | { readonly do: 'attempt'; readonly run: VideoRun }
  | { readonly do: 'wait'; readonly ms: number; readonly run: VideoRun }
  /** `finished`: nothing is left to do. */
  | { readonly do: 'finish'; readonly finished: boolean }
  | { readonly do: 'end' }
  | {
      readonly do: 'fail'
      readonly code:
        | 'invalid_request'
        | 'generation_failed'
        | 'no_prover_available'
        | 'internal_error'
    }

/** How long a request waits before it is tried again. @param freeInMs until the first prover may be asked, as far as known */
export function waitForRouteMs(freeInMs: number): number {
  return Math.min(ATTEMPT_WAIT_MS, Math.max(1, freeInMs))
}

/**
 * Decides what follows an attempt. The only place for this, whether a workflow or an inference worker on an
 * open connection runs the request.
 */
export function afterAttempt(run: VideoRun, end: AttemptEnd): VideoStep {
  switch (end.kind) {
    case 'answered':
      return { do: 'finish', finished: end.finished === true }
    case 'cancelled':
      return { do: 'end' }
    case 'failed_over': {
      const failures = [...run.failures, end.reason]
      if (failures.length < ATTEMPT_FAILURES_MAX) {
        return { do: 'attempt', run: { ...run, attempt: run.attempt + 1, failures } }
      }
      const impossible = failures.every((reason) => reason === 'invalid_request')
      return { do: 'fail', code: impossible ? 'invalid_request' : 'generation_failed' }
    }
    case 'refused':
    case 'own_clock':
    case 'own_fault':
    case 'no_prover': {
      if (end.freeInMs !== undefined) {
        return { do: 'wait', ms: waitForRouteMs(end.freeInMs), run }
      }
      const waits = run.waits + 1
      if (waits > ATTEMPT_WAITS_MAX) {
        const code = isOwnFault(end.kind) ? 'internal_error' : 'no_prover_available'
        return { do: 'fail', code }
      }
      // A prover that was asked used up an attempt number; if none was asked, the same number is still to be
      // made.
      const attempt = end.kind === 'no_prover' ? run.attempt : run.attempt + 1
      return { do: 'wait', ms: ATTEMPT_WAIT_MS, run: { ...run, attempt, waits } }
    }
  }
}
