import type { RetryPolicy } from '@temporalio/common'

const INITIAL_SECONDS = 1
const COEFFICIENT = 1.5
const MAXIMUM_SECONDS = 10

/**
 * The number of attempts for which a retry policy's waits add up to at least `seconds`. Attempts are counted,
 * not the clock (a schedule-to-close timeout), because the clock also runs while no worker is up: a verifier
 * that restarts after ten minutes would find its interval failed.
 */
export function attemptsFor(seconds: number): number {
  let attempts = 1
  for (let wait = INITIAL_SECONDS, total = 0; total < seconds; attempts += 1) {
    total += wait
    wait = Math.min(wait * COEFFICIENT, MAXIMUM_SECONDS)
  }
  return attempts
}

/** Retries with backoff for at least `seconds`; typed non-retryable errors end it at once. */
export function patience(seconds: number): RetryPolicy {
  return {
    initialInterval: `${INITIAL_SECONDS} s`,
    backoffCoefficient: COEFFICIENT,
    maximumInterval: `${MAXIMUM_SECONDS} s`,
    maximumAttempts: attemptsFor(seconds),
  }
}

/** Retries forever: for waits, which end by a condition and not a count. */
export const ENDLESS: RetryPolicy = {
  initialInterval: `${INITIAL_SECONDS} s`,
  backoffCoefficient: COEFFICIENT,
  maximumInterval: `${MAXIMUM_SECONDS} s`,
}
