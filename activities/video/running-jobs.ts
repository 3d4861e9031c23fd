import type { Queryable } from '../../ledger/database.js'
import type { JobSignals } from '../../ledger/requests/job-signals.js'
import { CancelWatch, type WatchedCancel } from './cancel-watch.js'
import { type JobProgress, ProgressWriter } from './progress-writer.js'

/** At most twenty updates of a job per second; a cancel is noticed within far less than a denoising step. */
const TICK_MS = 50

/**
 * The users' jobs that this process runs: their cancels are read, and their progress is written, at moments of the process's
 * own clock. A query that follows each request, or each record of its answer, would delay what this process does next for a
 * user's request and not for a check, which has neither: a prover beside it saw that.
 */
export class RunningJobs {
  readonly #cancels: CancelWatch
  readonly #progress: ProgressWriter
  readonly #timer: NodeJS.Timeout

  constructor(db: Queryable, signals: Pick<JobSignals, 'on' | 'isListening'>) {
    this.#cancels = new CancelWatch(db, signals)
    this.#progress = new ProgressWriter(db)
    // Also while there is none: one that begins with a job would keep step with its request.
    this.#timer = setInterval(() => {
      void this.#cancels.poll()
      this.#progress.write()
    }, TICK_MS).unref()
  }

  /** Call `stop` after use. */
  watchCancel(jobId: string, outer: AbortSignal): WatchedCancel {
    return this.#cancels.watch(jobId, outer)
  }

  progressOf(jobId: string): JobProgress {
    return this.#progress.of(jobId)
  }

  close(): void {
    clearInterval(this.#timer)
  }
}
