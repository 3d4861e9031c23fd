const MINUTE = 60
const HOUR = 60 * MINUTE
const HOUR_MS = HOUR * 1000

/**
 * Seconds before each attempt to deliver an event, the first included: the schedule of the Standard
 * Webhooks convention, ten attempts over three days.
 */
export const WEBHOOK_RETRY_DELAYS: readonly number[] = [
  0,
  5,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]

/**
 * Each delay varies by up to this fraction, so that deliveries that failed together are not retried together.
 */
const JITTER = 0.1

/** The maximum sum of all delays, rounded up to an hour to leave time for the attempts themselves. */
const MAX_DELIVERY_MS =
  Math.ceil((WEBHOOK_RETRY_DELAYS.reduce((sum, delay) => sum + delay) * (1 + JITTER)) / HOUR) *
  HOUR_MS

/** @param random from 0 to 1 @returns milliseconds */
export function withJitter(seconds: number, random: number): number {
  return Math.round(seconds * 1000 * (1 - JITTER + 2 * JITTER * random))
}

/** How much longer a delivery may be tried. @param startedMsAgo null: just now */
export function timeLeftMs(startedMsAgo: number | null): number {
  return MAX_DELIVERY_MS - (startedMsAgo ?? 0)
}

/**
 * The wait until the next attempt, in milliseconds; null: there is none.
 * @param delayMs from the schedule; null at its end
 * @param retryAfterMs what the receiver asked for
 */
export function nextWaitMs(
  delayMs: number | null,
  retryAfterMs: number | null,
  leftMs: number,
): number | null {
  if (delayMs === null) return null
  const waitMs = Math.max(delayMs, retryAfterMs ?? 0)
  return waitMs > leftMs ? null : waitMs
}
