import { CAPACITY_PER_GPU } from '../constants.js'

/** Requests that so many GPUs hold at once: one runs on each, one waits. */
export function slotsOf(gpus: number): number {
  return CAPACITY_PER_GPU * gpus
}

/**
 * Whether a refusal (429) costs nothing: the prover was full, of our requests and of those of other
 * verifiers that it showed to have taken.
 * @param inFlight our own requests at the prover
 * @param taken request ids of the valid `taken`; each counts once
 */
export function isNeutralRefusal(gpus: number, inFlight: number, taken: Iterable<string>): boolean {
  return inFlight + new Set(taken).size >= slotsOf(gpus)
}
