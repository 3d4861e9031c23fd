import { ONE_PPM } from './constants.js'

/** floor(µs · 10^6 / work): time per unit of work, whatever the request's size. */
export function usPerWork(elapsedUs: number, work: number): number {
  return Number((BigInt(elapsedUs) * BigInt(ONE_PPM)) / BigInt(work))
}

/** The inverse of `usPerWork`: floor(value · work / 10^6), the µs that this much work takes. */
export function usOfWork(value: number, work: number): number {
  return Number((BigInt(value) * BigInt(work)) / BigInt(ONE_PPM))
}
