import { SAMPLE_DELAY_DIVISOR, SAMPLE_DELAY_LEAST_MS } from '../constants.js'

/**
 * The longest that a request of a sample waits before it is sent, in milliseconds: a tenth of what its work
 * takes, but half a second at least.
 * @param usOfItsWork certified; 0 while nothing is certified
 */
export function sampleDelayMs(usOfItsWork: number): number {
  return Math.max(SAMPLE_DELAY_LEAST_MS, Math.floor(usOfItsWork / 1000 / SAMPLE_DELAY_DIVISOR))
}
