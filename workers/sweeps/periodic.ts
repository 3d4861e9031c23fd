import type { Log } from '../../base/log.js'

/**
 * Runs `work` at an interval, never concurrently; a failure is logged and retried at the next tick.
 * @param failure the log message of a failed run
 */
export function startPeriodic(
  intervalMs: number,
  work: () => Promise<void>,
  log: Log,
  failure: string,
): { stop: () => void } {
  let busy = false
  const timer = setInterval(async () => {
    if (busy) return
    busy = true
    try {
      await work()
    } catch (error) {
      log.warn({ err: error }, failure)
    } finally {
      busy = false
    }
  }, intervalMs)
  return { stop: () => clearInterval(timer) }
}
