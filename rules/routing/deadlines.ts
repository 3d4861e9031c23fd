import { DEADLINE_DENOMINATOR, DEADLINE_NUMERATOR, FRAMES_BYTES_PER_MS } from '../constants.js'

export interface DeadlineInput {
  /** Milliseconds. */
  floorMs: number
  /** floor(µs · 10^6 / work) of the class; null while nothing is certified. */
  certifiedUsPerWork: number | null
  /** steps · frames · width · height */
  work: number
}

/**
 * `deadline_ms`, from sending to `done`: max(floor, floor(11 · certified µs of this work / 5000)). The same
 * for users and checks, and never set by a client: a slow or impatient user is not a prover's failure.
 */
export function deadlineMs(input: DeadlineInput): number {
  const ms =
    (BigInt(DEADLINE_NUMERATOR) * certifiedUs(input)) / (1000n * BigInt(DEADLINE_DENOMINATOR))
  return Math.max(input.floorMs, Number(ms))
}

/**
 * How much longer than `deadline_ms` an answer with this many bytes of frames may take: ceil(bytes / 2000)
 * ms.
 */
export function framesMs(bytes: number): number {
  return Math.ceil(bytes / FRAMES_BYTES_PER_MS)
}

/** The prover may have to recompute an opening: max(floor, 2 · certified milliseconds for this work). */
export function openingDeadlineMs(input: DeadlineInput): number {
  return Math.max(input.floorMs, Number((2n * certifiedUs(input)) / 1000n))
}

function certifiedUs({ certifiedUsPerWork, work }: DeadlineInput): bigint {
  return (BigInt(certifiedUsPerWork ?? 0) * BigInt(work)) / 1_000_000n
}
