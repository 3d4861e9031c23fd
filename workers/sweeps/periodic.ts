import type { Log } from '../../base/log.js'

/**
 * Does `work` every so often, never twice at once; one that fails is logged, and done again next time.
 * @param undone what was not done, for the log
 */
export function startPeriodic(
  everyMs: number,
  work: () => Promise<void>,
  log: Log,
  undone: string,
): { stop: () => void } {
  let busy = false
  const timer = setInterval(async () => {
    if (busy) return
    busy = true
    try {
      await work()
    } catch (error) {
      log.warn({ err: error }, undone)
    } finally {
      busy = false
    }
  }, everyMs)
  return { stop: () => clearInterval(timer) }
}
