import { CAPACITY_PER_GPU, GPUS_MAX } from '../constants.js'

/**
 * The GPUs that a prover declares through its capacity, which is two requests per GPU.
 * @param capacity from its /v1/info; null if it did not answer
 */
export function declaredGpus(capacity: number | null): number {
  const gpus = Math.floor((capacity ?? 0) / CAPACITY_PER_GPU)
  return Math.min(GPUS_MAX, Math.max(1, gpus))
}

/** How many more requests it takes, which is what a wide round sends it. With 0, no round samples it. */
export function roomOf({ gpus, inFlight }: { gpus: number; inFlight: number }): number {
  return Math.max(0, CAPACITY_PER_GPU * gpus - inFlight)
}
