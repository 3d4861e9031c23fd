import type { InferenceDeps } from '../../activities/inference-deps.js'
import { claimDirect, releaseDirect, renewDirect } from '../../ledger/requests/direct-runs.js'
import { runVideo } from './run-video.js'

/** Jobs run at once on open connections by one worker; what comes beyond goes through Temporal. */
const MAX_RUNS = 64
const RENEW_MS = 2_000
/** Two renewals may fail before a job's workflow is started beside it. */
const AHEAD_MS = 6_000

export type TakenRun =
  /** Resolves once the job has its end (true), or its workflow has to go on with it (false). */
  | { readonly kind: 'taken'; readonly ended: Promise<boolean> }
  | { readonly kind: 'full' }
  /** Nothing to run: unknown, ended, or somebody else's. */
  | { readonly kind: 'not_ours' }

/** The jobs that this worker runs without Temporal. Each is its own until it ends, whoever still watches. */
export class DirectRuns {
  readonly #stopping = new AbortController()
  #open = true
  readonly #running = new Set<Promise<boolean>>()
  #taking = 0

  constructor(
    private readonly deps: InferenceDeps,
    /** Starts a job's workflow, unless it was started. */
    private readonly startWorkflow: (jobId: string) => Promise<void>,
  ) {}

  /** @throws LedgerError */
  async take(jobId: string): Promise<TakenRun> {
    if (!this.#open || this.#running.size + this.#taking >= MAX_RUNS) {
      return { kind: 'full' }
    }
    this.#taking += 1
    try {
      const { db, id } = this.deps
      if (!(await claimDirect(db, id, jobId, AHEAD_MS))) return { kind: 'not_ours' }
    } finally {
      this.#taking -= 1
    }
    const ended = this.#run(jobId)
    this.#running.add(ended)
    void ended.finally(() => this.#running.delete(ended))
    return { kind: 'taken', ended }
  }

  /** Takes nothing new. */
  close(): void {
    this.#open = false
  }

  /**
   * Hands what runs over to Temporal. Only once this process polls no tasks any more: one that it got
   * while stopping would be missed until its timeout.
   */
  async stop(): Promise<void> {
    this.close()
    this.#stopping.abort(new Error('the worker stops'))
    await Promise.all(this.#running)
  }

  /** Never rejects. */
  async #run(jobId: string): Promise<boolean> {
    const { db, log } = this.deps
    const renewal = setInterval(() => {
      renewDirect(db, jobId, AHEAD_MS).catch((error: Error) => {
        log.warn({ job: jobId, reason: error.message }, 'a direct run was not renewed')
      })
    }, RENEW_MS)
    try {
      await runVideo(this.deps, jobId, this.#stopping.signal)
      return true
    } catch (error) {
      const stopping = this.#stopping.signal.aborted
      if (!stopping) log.warn({ job: jobId, err: error }, 'a direct run broke off')
    } finally {
      clearInterval(renewal)
    }
    await this.#handOver(jobId)
    return false
  }

  /** Whatever fails here, the job is found once its time has passed. */
  async #handOver(jobId: string): Promise<void> {
    const { db, log } = this.deps
    try {
      await releaseDirect(db, jobId)
      await this.startWorkflow(jobId)
      log.info({ job: jobId }, 'a direct run was handed over to its workflow')
    } catch (error) {
      log.warn({ job: jobId, err: error }, 'a direct run was not handed over; it will be found')
    }
  }
}
