import { HEDGE_FACTOR, HEDGE_SHARE_DIVISOR } from '../constants.js'

/** usPerWork · work is in 10^-6 µs: this many of them in a millisecond. */
const PER_MS = 1_000_000_000

export interface HedgeInput {
  /** The least wait, in milliseconds. */
  floorMs: number
  /** floor(µs · 10^6 / work), as measured of the prover, else its class's; null when neither is known. */
  usPerWork: number | null
  /** steps · frames · width · height */
  work: number
  steps: number
  /** Requests before this one at the prover. */
  position: number
}

/**
 * How long a prover may go without a first progress record before a second one is asked: three times
 * what was measured says, for those before the request and its own first step. Milliseconds; null
 * where nothing was measured: then nothing says that it is slow.
 */
export function hedgeAfterMs(input: HedgeInput): number | null {
  if (input.usPerWork === null) return null
  const wholeMs = (input.usPerWork * input.work) / PER_MS
  const expected = wholeMs * input.position + wholeMs / input.steps
  return Math.max(input.floorMs, Math.ceil(HEDGE_FACTOR * expected))
}

/**
 * Whether a prover's slow beginning may be hedged once more. An outpaced request is neutral: without a
 * bound, whoever sat out every beginning would answer challenges alone, which are never hedged, and
 * fail no user. Beyond one in twenty it stalls, and that is a failure.
 */
export function mayHedge(prover: { outpaced: number; used: number }): boolean {
  return prover.outpaced * HEDGE_SHARE_DIVISOR <= prover.used
}
