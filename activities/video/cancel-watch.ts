import type { Queryable } from '../../ledger/database.js'
import { cancelRequestedAmong } from '../../ledger/requests/direct-runs.js'
import type { JobSignals } from '../../ledger/requests/job-signals.js'

/** How often jobs are polled while job signals are down. */
const POLL_MS = 300
/** Polls this often even with signals, because a dead connection is noticed late. */
const MAX_POLL_MS = 3_000

interface Watched {
  readonly jobId: string
  readonly cancel: AbortController
  /** It is new, or it has changed since it was polled. */
  isDue: boolean
  polledAt: number
}

export interface WatchedCancel {
  /** Aborted when the user cancels the job or the activity ends. */
  readonly signal: AbortSignal
  stop(): void
}

/** Which of the jobs that this process runs were cancelled by their users: one query for all of them. */
export class CancelWatch {
  readonly #watched = new Set<Watched>()
  #polling = false

  constructor(
    private readonly db: Queryable,
    private readonly signals: Pick<JobSignals, 'on' | 'isListening'>,
  ) {}

  watch(jobId: string, outer: AbortSignal): WatchedCancel {
    const cancel = new AbortController()
    const one: Watched = { jobId, cancel, isDue: true, polledAt: performance.now() }
    const off = this.signals.on(jobId, () => {
      one.isDue = true
    })
    this.#watched.add(one)
    return {
      signal: AbortSignal.any([cancel.signal, outer]),
      stop: () => {
        off()
        this.#watched.delete(one)
      },
    }
  }

  /** Reads those that are due. Never rejects: while the ledger is down the next poll tries again. */
  async poll(): Promise<void> {
    if (this.#polling) return
    const now = performance.now()
    const patienceMs = this.signals.isListening ? MAX_POLL_MS : POLL_MS
    const due = [...this.#watched].filter(
      ({ isDue, polledAt }) => isDue || now - polledAt >= patienceMs,
    )
    if (due.length === 0) return
    for (const one of due) {
      one.isDue = false
      one.polledAt = now
    }
    this.#polling = true
    try {
      const ids = due.map(({ jobId }) => jobId)
      const cancelled = new Set(await cancelRequestedAmong(this.db, ids))
      for (const { jobId, cancel } of due) if (cancelled.has(jobId)) cancel.abort()
    } catch {
      // Polled again within `patienceMs`.
    } finally {
      this.#polling = false
    }
  }
}
