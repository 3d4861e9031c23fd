import { isCancelRequested } from '../ledger/direct-runs.js'
import type { InferenceDeps } from './inference-deps.js'

/** How often to look while nobody tells of changes. */
const AWAY_MS = 300
/** Told or not: a dead connection is noticed late. */
const ANYWAY_MS = 3_000

/** A signal that is aborted when the user cancels the job or the activity ends; call `stop` after use. */
export function watchCancel(
  { db, signals }: Pick<InferenceDeps, 'db' | 'signals'>,
  jobId: string,
  outer: AbortSignal,
): { signal: AbortSignal; stop: () => void } {
  const cancel = new AbortController()
  let asking = false
  let again = false
  let lookedAt = 0
  const look = async (): Promise<void> => {
    again = asking
    if (asking || cancel.signal.aborted) return
    asking = true
    lookedAt = Date.now()
    try {
      if (await isCancelRequested(db, jobId)) cancel.abort()
    } catch {
      // The ledger is away: asked again at the next tick.
    } finally {
      asking = false
    }
    // Something changed while the question was on its way.
    if (again) await look()
  }
  const off = signals.on(jobId, () => void look())
  const timer = setInterval(() => {
    if (!signals.isListening || Date.now() - lookedAt >= ANYWAY_MS) void look()
  }, AWAY_MS)
  void look()
  return {
    signal: AbortSignal.any([cancel.signal, outer]),
    stop: () => {
      off()
      clearInterval(timer)
    },
  }
}
