import { SAMPLE_DELAY_DIVISOR, SAMPLE_DELAY_LEAST_MS } from '../constants.js'

/**
 * The longest that a request of a sample waits before it is sent, in milliseconds: a tenth of what its work
 * takes, but half a second at least. A sample of one is sent at once.
 * @param size of the sample
 * @param usOfItsWork certified; 0 while nothing is certified
 */
export function sampleDelayMs(size: number, usOfItsWork: number): number {
  if (size === 1) return 0
  return Math.max(SAMPLE_DELAY_LEAST_MS, Math.floor(usOfItsWork / 1000 / SAMPLE_DELAY_DIVISOR))
}
