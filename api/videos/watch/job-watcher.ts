import { messageOf } from '../../../base/errors.js'
import { type WatchedJob, watchedJob } from '../../../ledger/requests/job-watch.js'
import type { JobRow } from '../../../ledger/requests/jobs.js'
import type { ApiDeps } from '../../deps.js'

type Look = (job: WatchedJob) => void

/** How often watched jobs are read while no signals arrive, or after a read that failed. */
const POLL_MS = 2_000

/**
 * Tells everyone who waits for a job what became of it. However many wait for one job in this process, it is
 * read once per change; two changes during a read cost one more read.
 */
export class JobWatcher {
  readonly #deps: Pick<ApiDeps, 'db' | 'signals' | 'log'>
  readonly #watches = new Map<string, Watch>()
  #poll: NodeJS.Timeout | undefined

  readonly #sized: (jobs: number) => void

  /** @param sized told how many jobs somebody waits for */
  constructor(deps: Pick<ApiDeps, 'db' | 'signals' | 'log'>, sized: (jobs: number) => void) {
    this.#deps = deps
    this.#sized = sized
  }

  /**
   * Calls `look` with the job's state soon, and after each change.
   * @param created the job, of whoever has just stored it: it need not be read again
   * @returns a function that ends it
   */
  watch(jobId: string, look: Look, created?: JobRow): () => void {
    const watch = this.#watches.get(jobId) ?? this.#start(jobId)
    watch.looks.add(look)
    if (created !== undefined) watch.job ??= { ...created, framesOf: null, framesStored: 0 }
    if (watch.job === null) void this.#read(watch)
    else look(watch.job)
    return () => {
      watch.looks.delete(look)
      if (watch.looks.size === 0) this.#end(watch)
    }
  }

  #start(jobId: string): Watch {
    const watch: Watch = { jobId, looks: new Set(), job: null, state: 'idle', off: () => undefined }
    watch.off = this.#deps.signals.on(jobId, () => void this.#read(watch))
    this.#watches.set(jobId, watch)
    this.#sized(this.#watches.size)
    this.#poll ??= setInterval(() => this.#readPending(), POLL_MS)
    return watch
  }

  #end(watch: Watch): void {
    if (this.#watches.get(watch.jobId) !== watch) return
    watch.off()
    this.#watches.delete(watch.jobId)
    this.#sized(this.#watches.size)
    if (this.#watches.size > 0) return
    clearInterval(this.#poll)
    this.#poll = undefined
  }

  #readPending(): void {
    for (const watch of this.#watches.values()) {
      if (!this.#deps.signals.isListening || watch.state === 'failed') void this.#read(watch)
    }
  }

  async #read(watch: Watch): Promise<void> {
    if (watch.state === 'reading' || watch.state === 'again') {
      watch.state = 'again'
      return
    }
    let failed = false
    do {
      watch.state = 'reading'
      try {
        const job = await watchedJob(this.#deps.db, watch.jobId)
        failed = job === null
        if (job !== null) {
          watch.job = job
          for (const look of [...watch.looks]) look(job)
        }
      } catch (error) {
        failed = true
        this.#deps.log.debug({ job: watch.jobId, reason: messageOf(error) }, 'reading a job failed')
      }
    } while (isAgain(watch) && watch.looks.size > 0)
    watch.state = failed ? 'failed' : 'idle'
  }
}

interface Watch {
  readonly jobId: string
  readonly looks: Set<Look>
  /** As it was read last. */
  job: WatchedJob | null
  /** `again`: something changed while it was being read. */
  state: 'idle' | 'reading' | 'again' | 'failed'
  off: () => void
}

/** Another call may have set it during the read, which the compiler can't see. */
function isAgain(watch: Watch): boolean {
  return watch.state === 'again'
}
