import {
  DEADLINE_COLD_STARTS,
  DEADLINE_DENOMINATOR,
  DEADLINE_NUMERATOR,
  FRAMES_BYTES_PER_MS,
} from '../constants.js'

/** What a class was certified with. */
export interface CertifiedTimes {
  /** floor(µs · 10^6 / work); null while nothing is certified. */
  certifiedUsPerWork: number | null
  /** µs that the first video of a size takes longer than the others; 0 on a CPU. */
  certifiedColdUs: number
}

export interface DeadlineInput extends CertifiedTimes {
  /** Milliseconds. */
  floorMs: number
  /** steps · frames · width · height */
  work: number
}

/**
 * `deadline_ms`, from sending to `done`: max(floor, floor((11 · certified µs of this work + 10 · certified µs
 * of a cold start) / 5000)). The same for users and checks, and never set by a client: a slow or impatient
 * user is not a prover's failure.
 */
export function deadlineMs(input: DeadlineInput): number {
  const fifths =
    BigInt(DEADLINE_NUMERATOR) * certifiedUs(input) +
    BigInt(DEADLINE_DENOMINATOR) * coldStartsUs(input)
  return Math.max(input.floorMs, Number(fifths / (1000n * BigInt(DEADLINE_DENOMINATOR))))
}

/**
 * How much longer than `deadline_ms` an answer with this many bytes of frames may take: ceil(bytes / 2000)
 * ms.
 */
export function framesMs(bytes: number): number {
  return Math.ceil(bytes / FRAMES_BYTES_PER_MS)
}

/**
 * The prover may have to recompute an opening, after the request that it is working on: max(floor, floor((2 ·
 * certified µs of this work + 2 · certified µs of a cold start) / 1000)).
 */
export function openingDeadlineMs(input: DeadlineInput): number {
  return Math.max(input.floorMs, Number((2n * certifiedUs(input) + coldStartsUs(input)) / 1000n))
}

function certifiedUs({ certifiedUsPerWork, work }: DeadlineInput): bigint {
  return (BigInt(certifiedUsPerWork ?? 0) * BigInt(work)) / 1_000_000n
}

function coldStartsUs({ certifiedColdUs }: DeadlineInput): bigint {
  return BigInt(DEADLINE_COLD_STARTS) * BigInt(certifiedColdUs)
}
