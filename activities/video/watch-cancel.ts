import { isCancelRequested } from '../../ledger/requests/direct-runs.js'
import type { InferenceDeps } from '../inference-deps.js'

/** Polling interval while job signals are down. */
const POLL_MS = 300
/** Minimum time between two polls: far less than a denoising step. */
const MIN_POLL_MS = 50
/** Polls this often even with signals, because a dead connection is noticed late. */
const MAX_POLL_MS = 3_000

/** A signal that is aborted when the user cancels the job or the activity ends; call `stop` after use. */
export function watchCancel(
  { db, signals }: Pick<InferenceDeps, 'db' | 'signals'>,
  jobId: string,
  outer: AbortSignal,
): { signal: AbortSignal; stop: () => void } {
  const cancel = new AbortController()
  let polledAt = Number.NEGATIVE_INFINITY
  let next: NodeJS.Timeout | undefined
  const poll = async (): Promise<void> => {
    polledAt = performance.now()
    try {
      if (await isCancelRequested(db, jobId)) cancel.abort()
    } catch {
      // The ledger is down: try again at the next tick.
    }
  }
  // Most changes are progress and come in bursts: the poll that is already due covers them all.
  const pollSoon = () => {
    next ??= setTimeout(
      () => {
        next = undefined
        void poll()
      },
      Math.max(0, polledAt + MIN_POLL_MS - performance.now()),
    )
  }
  const off = signals.on(jobId, pollSoon)
  const timer = setInterval(() => {
    if (!signals.isListening || performance.now() - polledAt >= MAX_POLL_MS) void poll()
  }, POLL_MS)
  pollSoon()
  return {
    signal: AbortSignal.any([cancel.signal, outer]),
    stop: () => {
      off()
      clearTimeout(next)
      clearInterval(timer)
    },
  }
}
