import { BREAKER_FIRST_MS, BREAKER_MAX_MS } from '../constants.js'

/** What a prover's circuit breaker depends on. */
export interface Failures {
  /** Since the last success. */
  failuresInARow: number
  /** Milliseconds since the last of them, by the ledger's clock; null if there was none. */
  failedMsAgo: number | null
}

/** `half_open` allows one probe at a time, which closes the breaker or opens it for longer. */
export type BreakerState = 'closed' | 'open' | 'half_open'

export function breakerState(failures: Failures): BreakerState {
  if (failures.failuresInARow === 0 || failures.failedMsAgo === null) return 'closed'
  return openForMs(failures) > 0 ? 'open' : 'half_open'
}

/**
 * How much longer it stays open: a failure opens it, each further one for twice as long; a success closes it.
 * A failure in the future (the clock was set back since) is ignored: otherwise every prover that failed while
 * the clock was wrong would be kept out for as long as the jump.
 * @returns milliseconds; 0 if it is closed or half open
 */
export function openForMs({ failuresInARow, failedMsAgo }: Failures): number {
  if (failuresInARow === 0 || failedMsAgo === null || failedMsAgo < 0) return 0
  const doublings = Math.min(failuresInARow - 1, 30)
  return Math.max(0, Math.min(BREAKER_MAX_MS, BREAKER_FIRST_MS * 2 ** doublings) - failedMsAgo)
}
