import type { RecomputedStep } from './recompute-step.js'

/** Deviations are integers in units of 10^-9, so that rules can compare them exactly. */
const UNITS = 1e9

/**
 * How far a recomputed step is from the state that a prover claims: the largest difference between two
 * values, in 10^-9 of the denoiser's prediction (whose values are about 1), rounded up. It is not measured on
 * the states themselves, because the first steps magnify it a hundred times more than the last. If there is
 * no difference to compute (not a number, another length), it exceeds any tolerance.
 */
export function stateDeviation(
  { state, noiseScale }: Pick<RecomputedStep, 'state' | 'noiseScale'>,
  claimed: Float32Array,
): number {
  if (state.length !== claimed.length) return Number.MAX_SAFE_INTEGER
  const units = Math.ceil((furthest(state, claimed) / noiseScale) * UNITS)
  return Math.min(units, Number.MAX_SAFE_INTEGER)
}

/** The largest difference between the bytes of two frames, 0 … 255; more for frames of different sizes. */
export function frameDeviation(a: Uint8Array, b: Uint8Array): number {
  return a.length === b.length ? furthest(a, b) : Number.MAX_SAFE_INTEGER
}

function furthest(a: Float32Array | Uint8Array, b: Float32Array | Uint8Array): number {
  let largest = 0
  for (let i = 0; i < a.length; i++) {
    const distance = Math.abs(a[i]! - b[i]!)
    if (!(distance <= largest)) largest = distance
    if (Number.isNaN(distance)) return Number.POSITIVE_INFINITY
  }
  return largest
}
