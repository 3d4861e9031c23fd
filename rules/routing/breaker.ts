import { BREAKER_FIRST_MS, BREAKER_MAX_MS } from '../constants.js'

/** What a prover's circuit breaker goes by. */
export interface Failures {
  /** Since the last success. */
  failuresInARow: number
  /** Milliseconds since the last of them, by the ledger's clock; null when there was none. */
  failedMsAgo: number | null
}

/** `half_open` takes one probe at a time, whose outcome closes it or opens it for longer. */
export type BreakerState = 'closed' | 'open' | 'half_open'

export function breakerState(failures: Failures): BreakerState {
  if (failures.failuresInARow === 0 || failures.failedMsAgo === null) return 'closed'
  return openForMs(failures) > 0 ? 'open' : 'half_open'
}

/**
 * How long it stays open still: a failure opens, each further one for twice as long; a success closes. A
 * failure from the future (the clock was set back since) keeps nobody out: else every prover that failed
 * while the clock was wrong would be left alone for as long as the jump was.
 * @returns milliseconds; 0 when it is closed or half open
 */
export function openForMs({ failuresInARow, failedMsAgo }: Failures): number {
  if (failuresInARow === 0 || failedMsAgo === null || failedMsAgo < 0) return 0
  const doublings = Math.min(failuresInARow - 1, 30)
  return Math.max(0, Math.min(BREAKER_MAX_MS, BREAKER_FIRST_MS * 2 ** doublings) - failedMsAgo)
}
