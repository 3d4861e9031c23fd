import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from '@temporalio/worker'
import { createGpuActivities } from '../../activities/gpu-activities.js'
import { FractalError, messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import type { Database } from '../../ledger/database.js'
import { type CertificateRow, certificateOf } from '../../ledger/judging/certificates.js'
import type { TemporalLink } from '../../temporal/connection.js'
import { startPeriodic } from '../sweeps/periodic.js'
import type { GpuLane, LaneSession } from './gpu-lane.js'

/** How often the certificate is read to see whether the class is still exact; also done after each task. */
const LOOK_MS = 15_000
/** Before a session that ended is opened again; each further try waits twice as long. */
const FIRST_PAUSE_MS = 1000
const MAX_PAUSE_MS = 60_000
/** Certifying again takes a tenth of the GPU's time at most, however often the class loses its exactness. */
const REST_FACTOR = 9

export interface GpuTasksDeps {
  db: Database
  temporal: Pick<TemporalLink, 'worker' | 'namespace' | 'dataConverter'>
  queue: string
  lane: Pick<GpuLane, 'open' | 'openFresh'>
  /** Certifies the class anew, in this session. The session returned serves from then on. */
  certifyAgain(session: LaneSession): Promise<{ certificate: CertificateRow; session: LaneSession }>
  log: Log
  /** For tests. */
  lookMs?: number
  firstPauseMs?: number
}

/**
 * Takes one task at a time from the queue of a class. When the class has lost its exactness, it is certified again
 * between two tasks; when its engine has ended (a process that crashed, a server that went away), it is opened again.
 */
export class GpuTasks {
  /** Whether the class is exact, as last seen. */
  exact: boolean
  /** Whether the class is being certified again. */
  isCertifying = false
  readonly #deps: GpuTasksDeps
  #session: LaneSession
  readonly #determinismClass: string
  readonly #stopping = new AbortController()
  /** Null before the first, and while the class is certified again. */
  #worker: Worker | null = null
  /** The class is not certified again before then. */
  #restUntil = 0

  constructor(deps: GpuTasksDeps, session: LaneSession, { exact }: Pick<CertificateRow, 'exact'>) {
    this.#deps = deps
    this.#session = session
    this.#determinismClass = session.engine.determinismClass
    this.exact = exact
  }

  /** Resolves once it was stopped. @throws when Temporal's worker ends by itself, or the class can't be certified */
  async run(): Promise<void> {
    const { log, queue } = this.#deps
    while (!this.#isStopping) {
      if (!this.#session.ended.aborted) {
        log.info({ queue }, 'the GPU worker takes tasks')
        await this.#takeTasks()
      }
      if (this.#isStopping) return
      if (this.#session.ended.aborted) await this.#reopen()
      else await this.#certifyAgain()
    }
  }

  /** Until it is stopped, its session ends, or its class has to be certified again. */
  async #takeTasks(): Promise<void> {
    const { log, lookMs = LOOK_MS } = this.#deps
    const { ended } = this.#session
    const worker = await this.#makeWorker()
    this.#worker = worker
    const shutDown = () => {
      if (worker.getState() === 'RUNNING') worker.shutdown()
    }
    const look = () => this.#look(worker, 0)
    const looking = startPeriodic(lookMs, look, log, 'the certificate was not read')
    const run = worker.run()
    ended.addEventListener('abort', shutDown, { once: true })
    if (ended.aborted || this.#isStopping) shutDown()
    try {
      await run
    } finally {
      ended.removeEventListener('abort', shutDown)
      looking.stop()
      this.#worker = null
    }
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  stop(): void {
    this.#stopping.abort()
    if (this.#worker?.getState() === 'RUNNING') this.#worker.shutdown()
  }

  async close(): Promise<void> {
    await this.#session.engine.close()
  }

  getState(): ReturnType<Worker['getState']> {
    return this.#worker?.getState() ?? 'INITIALIZED'
  }

  getStatus(): Pick<
    ReturnType<Worker['getStatus']>,
    'numInFlightActivities' | 'numCachedWorkflows'
  > {
    return this.#worker?.getStatus() ?? { numInFlightActivities: 0, numCachedWorkflows: 0 }
  }

  /**
   * Stops taking tasks when the class has to be certified again.
   * @param ending how many tasks may be under way: the one that just ends
   */
  async #look(worker: Worker, ending: 0 | 1): Promise<void> {
    const certificate = await certificateOf(this.#deps.db, this.#determinismClass)
    if (certificate === null) return
    this.exact = certificate.exact
    if (certificate.revokedAt === null || performance.now() < this.#restUntil) return
    const isFree = worker.getStatus().numInFlightActivities <= ending
    if (isFree && worker.getState() === 'RUNNING') worker.shutdown()
  }

  async #certifyAgain(): Promise<void> {
    const { log } = this.#deps
    log.warn('this class lost its exactness: it is certified again')
    const began = performance.now()
    this.isCertifying = true
    try {
      const { certificate, session } = await this.#deps.certifyAgain(this.#session)
      this.#session = session
      this.exact = certificate.exact
    } finally {
      this.isCertifying = false
    }
    this.#assertSameClass()
    this.#restUntil = performance.now() + REST_FACTOR * (performance.now() - began)
  }

  /** Tries until it is stopped. @throws FractalError `class_changed` */
  async #reopen(): Promise<void> {
    const { log, lane, firstPauseMs = FIRST_PAUSE_MS } = this.#deps
    const { signal } = this.#stopping
    log.error('the engine has ended: it is opened again, and no tasks are taken meanwhile')
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      const session = await lane.open().catch((error: unknown) => {
        log.error({ reason: messageOf(error) }, 'the engine could not be opened again')
        return null
      })
      if (session === null) continue
      this.#session = session
      this.#assertSameClass()
      return
    }
  }

  /** @throws FractalError `class_changed` */
  #assertSameClass(): void {
    const { determinismClass } = this.#session.engine
    if (determinismClass === this.#determinismClass) return
    throw new FractalError('class_changed', 'the GPU computes other bytes than when it started', {
      hint: 'Look at it (nvidia-smi -q, dmesg), then start this worker again.',
      details: { was: this.#determinismClass, is: determinismClass },
    })
  }

  async #makeWorker(): Promise<Worker> {
    const { db, temporal, queue, lane, log } = this.#deps
    const taskEnded = () => (this.#worker === null ? undefined : this.#look(this.#worker, 1))
    return Worker.create({
      connection: temporal.worker,
      namespace: temporal.namespace,
      dataConverter: temporal.dataConverter,
      taskQueue: queue,
      activities: createGpuActivities({
        ...{ db, log, taskEnded },
        generator: this.#session.engine,
        openFresh: () => lane.openFresh(),
      }),
      // One GPU, one task: two concurrent ones would slow both and double the memory.
      maxConcurrentActivityTaskExecutions: 1,
    })
  }
}
