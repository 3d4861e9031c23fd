import { ATTEMPT_FAILURES_MAX, ATTEMPT_WAIT_MS, ATTEMPT_WAITS_MAX } from '../constants.js'

/**
 * How one attempt at a user's request ended. `refused`: the prover is at capacity, ask another;
 * `failed_over`: an outcome of its prover, ask another; `no_prover`: nobody can take it now;
 * `own_clock`: nobody takes a request from us until our clock is set.
 */
export interface AttemptEnd {
  readonly kind: 'answered' | 'failed_over' | 'refused' | 'no_prover' | 'own_clock' | 'cancelled'
  readonly reason?: string
  /** Of `no_prover`: those who could take it are left alone, and the first may be asked after so long. */
  readonly freeInMs?: number
}

/** How far a user's request is, as plain data. */
export interface VideoRun {
  /** From 1: the attempt that is to be made. */
  readonly attempt: number
  /** Why provers failed it, in order. */
  readonly failures: readonly (string | undefined)[]
  /** How often it waited for a prover. */
  readonly waits: number
}

export const FIRST_ATTEMPT: VideoRun = { attempt: 1, failures: [], waits: 0 }

/** What is to be done after an attempt. */
export type VideoStep =
  | { readonly do: 'attempt'; readonly run: VideoRun }
  | { readonly do: 'wait'; readonly ms: number; readonly run: VideoRun }
  | { readonly do: 'finish' }
  | { readonly do: 'end' }
  | {
      readonly do: 'fail'
      readonly code:
        | 'invalid_request'
        | 'generation_failed'
        | 'no_prover_available'
        | 'internal_error'
    }

/**
 * Decides what follows an attempt: the one place for it, whoever runs the request, its workflow or an
 * inference worker on an open connection.
 */
export function afterAttempt(run: VideoRun, end: AttemptEnd): VideoStep {
  switch (end.kind) {
    case 'answered':
      return { do: 'finish' }
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
    case 'no_prover': {
      if (end.freeInMs !== undefined) {
        return { do: 'wait', ms: Math.min(ATTEMPT_WAIT_MS, Math.max(1, end.freeInMs)), run }
      }
      const waits = run.waits + 1
      if (waits > ATTEMPT_WAITS_MAX) {
        const code = end.kind === 'own_clock' ? 'internal_error' : 'no_prover_available'
        return { do: 'fail', code }
      }
      // Who was asked had an attempt of its own; where nobody was, the same one is still to be made.
      const attempt = end.kind === 'no_prover' ? run.attempt : run.attempt + 1
      return { do: 'wait', ms: ATTEMPT_WAIT_MS, run: { ...run, attempt, waits } }
    }
  }
}
