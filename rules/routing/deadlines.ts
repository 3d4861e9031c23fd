import { DEADLINE_FACTOR, GROUP_DEADLINE_TENTHS } from '../constants.js'

/** certifiedUsPerWork · work is in 10^-6 µs: this many of them in a millisecond. */
const PER_MS = 1_000_000_000n

export interface DeadlineInput {
  /** Milliseconds. */
  floorMs: number
  /** floor(µs · 10^6 / work) of the class; null while nothing is certified. */
  certifiedUsPerWork: number | null
  /** steps · frames · width · height */
  work: number
  /** Requests in flight that the prover declared it takes. */
  capacity: number
}

/**
 * max(floor, 3 · certified milliseconds for this work · (capacity + 1)), rounded down. Never from a
 * client: a slow or hasty user is no prover's failure.
 */
export function deadlineMs(input: DeadlineInput): number {
  if (input.certifiedUsPerWork === null) return input.floorMs
  const certified = BigInt(input.certifiedUsPerWork) * BigInt(input.work)
  const ms = (certified * BigInt(DEADLINE_FACTOR) * BigInt(input.capacity + 1)) / PER_MS
  return Math.max(input.floorMs, Number(ms))
}

/** An opening may be made again by the prover: max(floor, 2 · certified milliseconds for this work). */
export function openingDeadlineMs({
  floorMs,
  certifiedUsPerWork,
  work,
}: Omit<DeadlineInput, 'capacity'>): number {
  return Math.max(floorMs, Number((BigInt(certifiedUsPerWork ?? 0) * BigInt(work) * 2n) / PER_MS))
}

/** 1.3 times the class's time, in milliseconds: what one GPU behind several hotkeys can't keep. */
export function groupDeadlineMs(input: { certifiedUsPerWork: number; work: number }): number {
  const certified = BigInt(input.certifiedUsPerWork) * BigInt(input.work)
  return Number((certified * BigInt(GROUP_DEADLINE_TENTHS)) / (10n * PER_MS))
}
