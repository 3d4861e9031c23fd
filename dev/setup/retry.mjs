import { setTimeout as sleep } from 'node:timers/promises'

/** Pauses before the second and the third attempt: a network that is away for a moment is back by then. */
export const RETRY_PAUSES_MS = [3_000, 10_000]

/**
 * Attempts something until it succeeds, fails for a reason that no retry changes, or the pauses are used up.
 *
 * @template T
 * @param {() => Promise<T>} attempt
 * @param {object} options
 * @param {(error: Error) => boolean} options.isRetryable
 * @param {(line: string) => void} options.say told before each retry
 * @param {readonly number[]} options.pausesMs
 * @returns {Promise<T>}
 */
export async function retry(attempt, { isRetryable, say, pausesMs }) {
  for (let failed = 0; ; failed += 1) {
    try {
      return await attempt()
    } catch (error) {
      const pauseMs = pausesMs[failed]
      if (pauseMs === undefined || !isRetryable(error)) throw error
      say(`  retrying in ${pauseMs / 1000} s (attempt ${failed + 2} of ${pausesMs.length + 1}) ...`)
      await sleep(pauseMs)
    }
  }
}
