import type { InferenceDeps } from '../../activities/inference-deps.js'
import { type KnownOfJob, readKnown } from '../../activities/video/attempt-video.js'
import { claimDirect, releaseDirect, renewDirect } from '../../ledger/requests/direct-runs.js'
import { runVideo } from './run-video.js'

/** Concurrent jobs on open connections in one worker; any more go through Temporal. */
const MAX_RUNS = 64
const RENEW_MS = 2_000
/** Two renewals may fail before a job's workflow is started beside it. */
const CLAIM_MS = 6_000

export type TakenRun =
  /** Resolves once the job has ended (true), or its workflow has to continue it (false). */
  | { readonly kind: 'taken'; readonly ended: Promise<boolean> }
  | { readonly kind: 'full' }
  /** Nothing to run: unknown, ended, or somebody else's. */
  | { readonly kind: 'not_ours' }

/**
 * The jobs that this worker runs without Temporal. Each runs to its end, whether or not its caller still
 * waits.
 */
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
    // At the same time: hardly any job is refused.
    const known = readKnown(this.deps, jobId)
    try {
      const { db, id } = this.deps
      if (!(await claimDirect(db, id, jobId, CLAIM_MS))) return { kind: 'not_ours' }
    } finally {
      this.#taking -= 1
    }
    const ended = this.#run(jobId, known)
    this.#running.add(ended)
    void ended.finally(() => this.#running.delete(ended))
    return { kind: 'taken', ended }
  }

  /** Takes nothing new. */
  close(): void {
    this.#open = false
  }

  /**
   * Hands running jobs over to Temporal. Call it only once this process no longer polls: a task that it got
   * while stopping would be lost until its timeout.
   */
  async stop(): Promise<void> {
    this.close()
    this.#stopping.abort(new Error('the worker stops'))
    await Promise.all(this.#running)
  }

  /** Never rejects. */
  async #run(jobId: string, known: KnownOfJob): Promise<boolean> {
    const { db, log } = this.deps
    const renewal = setInterval(() => {
      renewDirect(db, jobId, CLAIM_MS).catch((error: Error) => {
        log.warn({ job: jobId, reason: error.message }, 'renewing a direct run failed; will retry')
      })
    }, RENEW_MS)
    try {
      await runVideo(this.deps, jobId, this.#stopping.signal, known)
      return true
    } catch (error) {
      const stopping = this.#stopping.signal.aborted
      if (!stopping) log.warn({ job: jobId, err: error }, 'a direct run failed')
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
      log.warn(
        { job: jobId, err: error },
        'handing over a direct run failed; the sweep will start its workflow',
      )
    }
  }
}
