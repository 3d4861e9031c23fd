import { CAPACITY_PER_GPU } from '../constants.js'

/** How many requests this many GPUs hold at once: one running and one waiting on each. */
export function slotsOf(gpus: number): number {
  return CAPACITY_PER_GPU * gpus
}

/**
 * Whether a refusal (429) costs nothing: the prover was full with our requests and those of other verifiers
 * for which it presented a `taken`.
 * @param inFlight our own requests at the prover
 * @param taken request ids of the valid `taken`; each counts once
 */
export function isNeutralRefusal(gpus: number, inFlight: number, taken: Iterable<string>): boolean {
  return inFlight + new Set(taken).size >= slotsOf(gpus)
}
