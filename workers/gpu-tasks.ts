import { Worker } from '@temporalio/worker'
import { createGpuActivities } from '../activities/gpu-activities.js'
import { FractalError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { Engine } from '../engine/engine.js'
import type { Database } from '../ledger/database.js'
import { type CertificateRow, certificateOf } from '../ledger/judging/certificates.js'
import type { TemporalLink } from '../temporal/connection.js'
import { startPeriodic } from './sweeps/periodic.js'

/** How often the certificate is read to see whether the class is still exact; also done after each task. */
const LOOK_MS = 15_000
/** Certifying again takes a tenth of the GPU's time at most, however often the class loses its exactness. */
const REST_FACTOR = 9

export interface GpuTasksDeps {
  db: Database
  temporal: Pick<TemporalLink, 'worker' | 'namespace' | 'dataConverter'>
  queue: string
  /** Opens a session of the model for second computations. */
  openFresh(): Promise<Engine>
  /** Certifies the class anew, in this session. The session returned serves from then on. */
  certifyAgain(session: Engine): Promise<{ certificate: CertificateRow; session: Engine }>
  log: Log
  /** For tests. */
  lookMs?: number
}

/**
 * Takes one task at a time from the queue of a class. When the class has lost its exactness, it is certified
 * again between two tasks.
 */
export class GpuTasks {
  /** Whether the class is exact, as last seen. */
  exact: boolean
  /** Whether the class is being certified again. */
  isCertifying = false
  readonly #deps: GpuTasksDeps
  #session: Engine
  /** Null before the first, and while the class is certified again. */
  #worker: Worker | null = null
  #isStopping = false
  /** The class is not certified again before then. */
  #restUntil = 0

  constructor(deps: GpuTasksDeps, session: Engine, { exact }: Pick<CertificateRow, 'exact'>) {
    this.#deps = deps
    this.#session = session
    this.exact = exact
  }

  /**
   * Resolves once it was stopped.
   * @throws when Temporal's worker ends by itself, or the class can't be certified
   */
  async run(): Promise<void> {
    const { log, queue, lookMs = LOOK_MS } = this.#deps
    while (!this.#isStopping) {
      const worker = await this.#makeWorker()
      this.#worker = worker
      const look = () => this.#look(worker, 0)
      const looking = startPeriodic(lookMs, look, log, 'the certificate was not read')
      log.info({ queue }, 'the GPU worker takes tasks')
      try {
        await worker.run()
      } finally {
        looking.stop()
        this.#worker = null
      }
      if (!this.#isStopping) await this.#certifyAgain()
    }
  }

  stop(): void {
    this.#isStopping = true
    if (this.#worker?.getState() === 'RUNNING') this.#worker.shutdown()
  }

  async close(): Promise<void> {
    await this.#session.close()
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
    const certificate = await certificateOf(this.#deps.db, this.#session.determinismClass)
    if (certificate === null) return
    this.exact = certificate.exact
    if (certificate.revokedAt === null || performance.now() < this.#restUntil) return
    const isFree = worker.getStatus().numInFlightActivities <= ending
    if (isFree && worker.getState() === 'RUNNING') worker.shutdown()
  }

  async #certifyAgain(): Promise<void> {
    const { log } = this.#deps
    const { determinismClass } = this.#session
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
    if (this.#session.determinismClass !== determinismClass) {
      throw new FractalError('class_changed', 'the GPU computes other bytes than when it started', {
        hint: 'Look at it (nvidia-smi -q, dmesg), then start this worker again.',
        details: { was: determinismClass, is: this.#session.determinismClass },
      })
    }
    this.#restUntil = performance.now() + REST_FACTOR * (performance.now() - began)
  }

  async #makeWorker(): Promise<Worker> {
    const { db, temporal, queue, openFresh, log } = this.#deps
    const taskEnded = () => (this.#worker === null ? undefined : this.#look(this.#worker, 1))
    return Worker.create({
      connection: temporal.worker,
      namespace: temporal.namespace,
      dataConverter: temporal.dataConverter,
      taskQueue: queue,
      activities: createGpuActivities({
        ...{ db, log, taskEnded },
        generator: this.#session,
        openFresh,
      }),
      // One GPU, one task: two concurrent ones would slow both and double the memory.
      maxConcurrentActivityTaskExecutions: 1,
    })
  }
}
