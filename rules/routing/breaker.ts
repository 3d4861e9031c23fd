import { BREAKER_FIRST_MS, BREAKER_MAX_MS } from '../constants.js'

/** A prover's circuit breaker, as plain data. */
export interface Breaker {
  /** Failures since the last success. */
  failures: number
  /** Until when it stays out, in the caller's milliseconds; null while closed. */
  openUntilMs: number | null
}

/** `half_open` takes one probe at a time, whose outcome closes it or opens it for longer. */
export type BreakerState = 'closed' | 'open' | 'half_open'

export const CLOSED_BREAKER: Breaker = { failures: 0, openUntilMs: null }

/** A failure opens, each further one for twice as long; a success closes. */
export function nextBreaker(
  breaker: Breaker,
  event: 'success' | 'failure',
  nowMs: number,
): Breaker {
  if (event === 'success') return CLOSED_BREAKER
  const openMs = Math.min(BREAKER_MAX_MS, BREAKER_FIRST_MS * 2 ** Math.min(breaker.failures, 30))
  return { failures: breaker.failures + 1, openUntilMs: nowMs + openMs }
}

export function breakerState(breaker: Breaker, nowMs: number): BreakerState {
  if (breaker.openUntilMs === null) return 'closed'
  return nowMs < breaker.openUntilMs ? 'open' : 'half_open'
}
