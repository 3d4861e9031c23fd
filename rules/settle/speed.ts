import {
  ONE_PPM,
  SPEED_FACTOR_MAX_PPM,
  SPEED_FACTOR_MIN_PPM,
  SPEED_MIN_COLDKEYS,
} from '../constants.js'
import { lowerMedian } from '../order.js'

/** floor(µs · 10^6 / work): time per unit of work, whatever the request's size. */
export function usPerWork(elapsedUs: number, work: number): number {
  return Number((BigInt(elapsedUs) * BigInt(ONE_PPM)) / BigInt(work))
}

/** The inverse of `usPerWork`: floor(value · work / 10^6), the µs that so much work takes. */
export function usOfWork(value: number, work: number): number {
  return Number((BigInt(value) * BigInt(work)) / BigInt(ONE_PPM))
}

/** Below half the class's certified time: too good, and first in line for a check. */
export function isSuspiciouslyFast(
  answer: { elapsedUs: number; work: number },
  certifiedUsPerWork: number | null,
): boolean {
  return (
    certifiedUsPerWork !== null && 2 * usPerWork(answer.elapsedUs, answer.work) < certifiedUsPerWork
  )
}

/** A prover's t: the lower median over its counted answers, none below half the certified time. */
export function medianUsPerWork(
  answers: readonly { elapsedUs: number | null; work: number }[],
  certifiedUsPerWork: number | null,
): number | null {
  const least = Math.floor((certifiedUsPerWork ?? 0) / 2)
  return lowerMedian(
    answers.flatMap(({ elapsedUs, work }) =>
      elapsedUs === null ? [] : [Math.max(least, usPerWork(elapsedUs, work))],
    ),
  )
}

/**
 * M: the lower median over one value (the lower median) per coldkey, so that an owner of many
 * hotkeys has one voice. Null with fewer than 8 coldkeys.
 */
export function gridMedian(
  provers: readonly { coldkey: string; usPerWork: number | null }[],
): number | null {
  const byColdkey = new Map<string, number[]>()
  for (const { coldkey, usPerWork: value } of provers) {
    if (value === null) continue
    byColdkey.set(coldkey, [...(byColdkey.get(coldkey) ?? []), value])
  }
  if (byColdkey.size < SPEED_MIN_COLDKEYS) return null
  return lowerMedian([...byColdkey.values()].map((values) => lowerMedian(values)!))
}

/** clamp(900000, 1100000, floor(2000000·M/(M+t))) ppm; 1000000 where there is nothing to compare. */
export function speedFactorPpm(t: number | null, m: number | null): number {
  if (t === null || m === null || m + t === 0) return ONE_PPM
  const factor = Number((BigInt(2 * ONE_PPM) * BigInt(m)) / (BigInt(m) + BigInt(t)))
  return Math.min(SPEED_FACTOR_MAX_PPM, Math.max(SPEED_FACTOR_MIN_PPM, factor))
}
