import { HEDGE_FACTOR, HEDGE_SHARE_DIVISOR } from '../constants.js'

/** usPerWork · work is in 10^-6 µs: a millisecond is this many of them. */
const PER_MS = 1_000_000_000

export interface HedgeInput {
  /** The minimum wait, in milliseconds. */
  floorMs: number
  /** floor(µs · 10^6 / work), measured for the prover, else its class's; null if neither is known. */
  usPerWork: number | null
  /** steps · frames · width · height */
  work: number
  steps: number
  /** Requests ahead of this one at the prover. */
  position: number
}

/**
 * How long a prover may go without a first progress record before a second one is asked: three times the
 * measured time of the requests ahead and of its own first step. Milliseconds; null if nothing was measured:
 * then nothing shows that it is slow.
 */
export function hedgeAfterMs(input: HedgeInput): number | null {
  if (input.usPerWork === null) return null
  const wholeMs = (input.usPerWork * input.work) / PER_MS
  const expected = wholeMs * input.position + wholeMs / input.steps
  return Math.max(input.floorMs, Math.ceil(HEDGE_FACTOR * expected))
}

/**
 * Whether a slow start of a prover may be hedged once more. An outpaced request is neutral: without a limit,
 * a prover could sit out all users' requests, answer only challenges, which are never hedged, and never fail.
 * Beyond one in twenty, a slow start counts as stalling, which is a failure.
 */
export function mayHedge(prover: { outpaced: number; used: number }): boolean {
  return prover.outpaced * HEDGE_SHARE_DIVISOR <= prover.used
}
