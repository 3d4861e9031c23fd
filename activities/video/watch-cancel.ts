import { isCancelRequested } from '../../ledger/requests/direct-runs.js'
import type { InferenceDeps } from '../inference-deps.js'

/** How often to look while nobody tells of changes. */
const AWAY_MS = 300
/** Between two looks, at least: far less than a denoising step. */
const PAUSE_MS = 50
/** Told or not: a dead connection is noticed late. */
const ANYWAY_MS = 3_000

/** A signal that is aborted when the user cancels the job or the activity ends; call `stop` after use. */
export function watchCancel(
  { db, signals }: Pick<InferenceDeps, 'db' | 'signals'>,
  jobId: string,
  outer: AbortSignal,
): { signal: AbortSignal; stop: () => void } {
  const cancel = new AbortController()
  let lookedAt = 0
  let next: NodeJS.Timeout | undefined
  const look = async (): Promise<void> => {
    lookedAt = Date.now()
    try {
      if (await isCancelRequested(db, jobId)) cancel.abort()
    } catch {
      // The ledger is away: asked again at the next tick.
    }
  }
  // Most changes are progress, many at once: the look that is due covers them all.
  const lookSoon = () => {
    next ??= setTimeout(
      () => {
        next = undefined
        void look()
      },
      Math.max(0, lookedAt + PAUSE_MS - Date.now()),
    )
  }
  const off = signals.on(jobId, lookSoon)
  const timer = setInterval(() => {
    if (!signals.isListening || Date.now() - lookedAt >= ANYWAY_MS) void look()
  }, AWAY_MS)
  void look()
  return {
    signal: AbortSignal.any([cancel.signal, outer]),
    stop: () => {
      off()
      clearTimeout(next)
      clearInterval(timer)
    },
  }
}
