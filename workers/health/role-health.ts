import type { Worker } from '@temporalio/worker'
import type { ClockWatch } from '../../activities/shared/clock-watch.js'
import { messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { Metrics } from '../../base/metrics.js'
import type { Options } from '../../base/options/options.js'
import type { Database, Queryable } from '../../ledger/database.js'
import { hasGpuWorker } from '../../ledger/judging/gpu-queues.js'
import { createWriteProbe } from '../../ledger/write-probe.js'
import type { TemporalLink } from '../../temporal/connection.js'
import { queueBacklog } from '../../temporal/queue-backlog.js'
import { newestPoll } from '../../temporal/queue-pollers.js'
import { exportNeuronMetrics, type NeuronNeeds, NeuronWatch } from '../neuron-watch.js'
import type { Running } from '../running.js'
import { SubnetWatch, type SubnetWatchDeps } from '../subnet-watch.js'
import type { WorkflowWatch } from '../watch-workflows.js'
import {
  exportBlockMetrics,
  missingBlocks,
  type WatchedChain,
  watchBlocks,
} from './block-watchdog.js'
import { Health } from './health.js'
import { type HealthListener, startHealthListener } from './listener.js'

export const HEALTH_OPTIONS = ['health.host', 'health.port', 'health.block_seconds'] as const
type HealthOptions = Options<(typeof HEALTH_OPTIONS)[number]>

const DEADLINE_MS = 2_000
/** How long workers that a role depends on may be away before it reports them. */
const WORKERS_COME_MS = 120_000

/**
 * Starts a role with its health listener, which is there from the first moment: certifying a class or
 * waiting for the lease takes a while, and a supervisor must be able to tell that from a hang.
 */
export async function withHealth(
  role: string,
  options: HealthOptions,
  log: Log,
  start: (health: RoleHealth) => Promise<Running>,
): Promise<Running> {
  const health = new RoleHealth(role, options, log)
  await health.listen()
  try {
    const running = await start(health)
    health.started()
    return {
      finished: running.finished.finally(() => health.close()),
      async stop() {
        health.stopping()
        await running.stop()
        await health.close()
      },
    }
  } catch (error) {
    await health.close()
    throw error
  }
}

/** What a role reports about its parts, on `/readyz` and as metrics. */
export class RoleHealth extends Health {
  readonly metrics: Metrics
  readonly #options: HealthOptions
  readonly #log: Log
  readonly #watchdogs: { stop: () => void }[] = []
  #listener: HealthListener | null = null

  constructor(role: string, options: HealthOptions, log: Log) {
    super(log)
    this.metrics = new Metrics(role)
    this.#options = options
    this.#log = log
  }

  async listen(): Promise<void> {
    const { 'health.host': host, 'health.port': port } = this.#options
    if (port === 0) return
    this.#listener = await startHealthListener(this, this.metrics, { host, port })
    this.#log.info({ port }, 'the health listener is up')
  }

  async close(): Promise<void> {
    for (const watchdog of this.#watchdogs.splice(0)) watchdog.stop()
    await this.#listener?.close()
    this.#listener = null
  }

  /** Checks that blocks arrive. */
  watchChain(chain: WatchedChain): void {
    const limitMs = this.#options['health.block_seconds'] * 1000
    this.#watchdogs.push(watchBlocks(chain, { log: this.#log, limitMs }))
    this.check('chain', () => missingBlocks(chain, limitMs))
    exportBlockMetrics(this.metrics, chain)
  }

  /** Checks that provers accept the time in our requests. */
  watchClock(clock: ClockWatch): void {
    this.check('clock', () => clock.problem())
    this.metrics.readGauge(
      'fractal_clock_refused',
      '1 while every prover refuses the time in our requests: this machine’s clock is wrong',
      () => (clock.isWrong ? 1 : 0),
    )
  }

  /**
   * Checks that the hotkey is registered and has what it needs: without a permit provers refuse our requests,
   * and the chain our weights.
   * @returns the readings that it goes by, which `close` ends
   * @throws ChainError from the first
   */
  async watchNeuron(
    deps: SubnetWatchDeps,
    hotkey: string,
    needs: NeuronNeeds,
  ): Promise<SubnetWatch> {
    const subnet = new SubnetWatch(deps)
    this.#watchdogs.push(subnet)
    const { netuid, log } = deps
    const watch = new NeuronWatch({ subnet, netuid, log, hotkey, needs })
    this.check('neuron', () => watch.whyNotReady())
    exportNeuronMetrics(this.metrics, watch, needs)
    await subnet.read()
    return subnet
  }

  /** Checks that PostgreSQL answers and takes writes. */
  watchPostgres(db: Pick<Database, 'query' | 'tx'>): void {
    const probe = createWriteProbe(db)
    this.check('postgres', async () => {
      await db.query('SELECT 1')
      return probe().then(
        () => null,
        (error: unknown) => {
          this.#log.warn({ check: 'postgres', reason: messageOf(error) }, 'not ready')
          return 'it answers, but takes no writes: is its disk full?'
        },
      )
    })
  }

  /**
   * Checks that Temporal knows our namespace, and that the worker polls its queue.
   * @param queues whose lengths are exported
   */
  watchTemporal(temporal: TemporalLink, worker: WatchedWorker, queues: readonly string[]): void {
    const { client, namespace } = temporal
    this.check('temporal', async () => {
      const state = worker.getState()
      if (state !== 'RUNNING') return `the worker is ${state.toLowerCase()}`
      const { connection } = client
      await connection.withDeadline(Date.now() + DEADLINE_MS, () =>
        connection.workflowService.describeNamespace({ namespace }),
      )
      return null
    })
    this.metrics.readGauge(
      'fractal_worker_activities_in_flight',
      'Activities that this worker is running',
      () => worker.getStatus().numInFlightActivities,
    )
    this.metrics.readGauge(
      'fractal_worker_workflows_cached',
      'Workflow runs that this worker holds in memory',
      () => worker.getStatus().numCachedWorkflows,
    )
    this.metrics.readGauges(
      {
        fractal_task_queue_backlog: {
          help: 'Activities that wait in Temporal for a worker; the same at every worker of the queue',
          label: 'queue',
        },
      },
      async () => {
        const lengths = queues.map(async (queue) => [queue, await queueBacklog(temporal, queue)])
        return { fractal_task_queue_backlog: Object.fromEntries(await Promise.all(lengths)) }
      },
    )
  }

  /**
   * Checks that another role's workers poll a queue that this one needs, for workers that are never busy for
   * long.
   */
  watchQueue(
    name: string,
    temporal: Pick<TemporalLink, 'client' | 'namespace'>,
    needed: NeededWorkers,
  ): void {
    let last = 0
    this.#watchWorkers(name, needed, async () => {
      const poll = await newestPoll(temporal, needed.queue)
      const isNew = poll > last
      last = poll
      return isNew
    })
  }

  /**
   * Checks that a GPU worker of the queue is alive. Temporal can't tell: one that computes for minutes does
   * not poll.
   */
  watchGpuWorkers(db: Queryable, needed: NeededWorkers): void {
    this.#watchWorkers('gpu', needed, () => hasGpuWorker(db, needed.queue))
  }

  #watchWorkers(
    name: string,
    { red, withinMs = WORKERS_COME_MS }: NeededWorkers,
    isThere: () => Promise<boolean>,
  ): void {
    let seenAt = performance.now()
    this.check(name, async () => {
      // While the store that knows is away nobody can tell; its own check says so.
      if (await isThere().catch(() => true)) seenAt = performance.now()
      return performance.now() - seenAt > withinMs ? red : null
    })
  }

  /** Checks that the interval loop runs, and every interval that is not finished. */
  watchWorkflows(watch: Pick<WorkflowWatch, 'whyNotReady' | 'isLoopRunning'>): void {
    this.check('intervals', () => watch.whyNotReady())
    this.metrics.readGauge(
      'fractal_interval_loop_running',
      '1 while the workflow that starts the intervals runs',
      () => (watch.isLoopRunning ? 1 : 0),
    )
  }

  /** Reports whether a GPU worker's determinism class is exact, or being certified again. */
  watchClass(tasks: { readonly exact: boolean; readonly isCertifying: boolean }): void {
    this.check('class', () =>
      tasks.isCertifying
        ? 'it lost its exactness and is certified again: no tasks are taken'
        : null,
    )
    this.metrics.readGauge(
      'fractal_gpu_class_exact',
      '1 while this worker’s determinism class is exact; else answers are compared within tolerances',
      () => (tasks.exact ? 1 : 0),
    )
  }

  /** Checks that this deployment holds the lease, which a second one waits for. */
  watchLease(): LeaseState {
    const lease: LeaseState = { state: 'waiting' }
    const reasons = { waiting: 'waits for the other deployment’s lease', lost: 'lost', held: null }
    this.check('lease', () => reasons[lease.state])
    this.metrics.readGauge(
      'fractal_lease_held',
      '1 while this deployment may judge with its hotkey',
      () => (lease.state === 'held' ? 1 : 0),
    )
    return lease
  }
}

/** Workers of another role. They have some time to come: all are often started together. */
interface NeededWorkers {
  readonly queue: string
  /** What `/readyz` says without them, and what to do. */
  readonly red: string
  /** How long they may be away. */
  readonly withinMs?: number
}

interface LeaseState {
  state: 'waiting' | 'held' | 'lost'
}

interface WatchedWorker extends Pick<Worker, 'getState'> {
  getStatus(): Pick<ReturnType<Worker['getStatus']>, 'numInFlightActivities' | 'numCachedWorkflows'>
}
