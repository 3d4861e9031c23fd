import { CAPACITY_PER_GPU, GPUS_MAX } from '../constants.js'

/**
 * The GPUs that a prover declares by its capacity (requests in flight), two each.
 * @param capacity as it says in /v1/info; null while it did not answer
 */
export function declaredGpus(capacity: number | null): number {
  const gpus = Math.floor((capacity ?? 0) / CAPACITY_PER_GPU)
  return Math.min(GPUS_MAX, Math.max(1, gpus))
}

/** Requests that it takes besides those in flight: what a wide round sends it. None: no round samples it. */
export function roomOf({ gpus, inFlight }: { gpus: number; inFlight: number }): number {
  return Math.max(0, CAPACITY_PER_GPU * gpus - inFlight)
}
