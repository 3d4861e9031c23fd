import { messageOf } from '../base/errors.js'
import type { Log } from '../base/log.js'
import { CLASS_CHECK_IDLE_MS, CLASS_CHECK_LOAD_MS } from '../rules/constants.js'
import type { ProverEngine } from './engines/prover-engine.js'
import type { ProverMetrics } from './metrics.js'
import type { ClassCheckOutcome } from './outcomes.js'
import type { Task } from './queue.js'

/** When the class is checked again. */
export interface SelfCheckTimes {
  /** After this long without work. */
  idleMs: number
  /** This long after the last check, even under load. */
  loadMs: number
  /** How long a due check gives way to callers; then it takes a place like theirs. */
  patienceMs: number
  /** How often to test whether a check is due. */
  pollMs: number
  /** Milliseconds of a monotonic clock. */
  now(): number
}

const TIMES: SelfCheckTimes = {
  idleMs: CLASS_CHECK_IDLE_MS,
  loadMs: CLASS_CHECK_LOAD_MS,
  patienceMs: 600_000,
  pollMs: 10_000,
  now: () => performance.now(),
}

export interface SelfCheckDeps {
  engine: ProverEngine
  queue: {
    offer(task: Task<ProverEngine>): number | null
    withdraw(task: Task<ProverEngine>): void
  }
  /** The prover's own hotkey, to which the work is attributed. */
  self: string
  /** steps · frames · width · height of all known answers. */
  work: number
  times?: SelfCheckTimes | undefined
  log: Log
  checks: ProverMetrics['classChecks']
  /** Called once, if the bytes differ from those at startup. */
  onChange(): void
}

/**
 * Generates the known answers again after each hour without work, and every 72 minutes under load, in the
 * same queue and process that serve requests: a GPU that begins to compute different bytes would be taken for
 * a cheat.
 */
export class SelfCheck {
  /**
   * Whether the bytes differed from those at startup. This is permanent: only a restart makes it serve again.
   */
  changed = false
  private readonly times: SelfCheckTimes
  private readonly timer: NodeJS.Timeout
  private lookedAt: number
  private workedAt: number
  private pending: AbortController | null = null

  constructor(private readonly deps: SelfCheckDeps) {
    this.times = deps.times ?? TIMES
    this.lookedAt = this.times.now()
    this.workedAt = this.lookedAt
    this.timer = setInterval(() => this.look(), this.times.pollMs)
    this.timer.unref()
  }

  /** Call when some work has ended. */
  worked(): void {
    this.workedAt = this.times.now()
  }

  /** For `/readyz`; null while the class is unchanged. */
  problem(): string | null {
    return this.changed
      ? 'the known answers come out differently than at startup: look at the GPU, then restart'
      : null
  }

  stop(): void {
    clearInterval(this.timer)
    this.pending?.abort()
  }

  private look(): void {
    const { idleMs, loadMs, patienceMs } = this.times
    const idle = Math.max(this.lookedAt, this.workedAt) + idleMs
    const due = Math.min(idle, this.lookedAt + loadMs)
    const now = this.times.now()
    if (this.pending !== null || this.changed || now < due) return
    this.enqueue(now > due + patienceMs)
  }

  /** @param firm whether it no longer gives way */
  private enqueue(firm: boolean): void {
    const { engine, queue, self, work } = this.deps
    const pending = new AbortController()
    const task: Task<ProverEngine> = {
      only: engine,
      dueMs: Number.POSITIVE_INFINITY,
      caller: self,
      priority: { permit: firm, stakeRao: 0n },
      work,
      get abandoned() {
        return pending.signal.aborted
      },
      moved: () => {},
      giveWay: () => {
        pending.abort()
        queue.withdraw(task)
        this.end('gave_way')
      },
      run: () => this.run(pending.signal),
    }
    this.pending = pending
    if (queue.offer(task) === null) this.pending = null
  }

  private async run(signal: AbortSignal): Promise<void> {
    const { engine, log } = this.deps
    try {
      const found = await engine.classNow({ signal })
      if (signal.aborted) return
      this.lookedAt = this.times.now()
      if (found === engine.determinismClass) return this.end('same')
      this.changed = true
      log.error(
        { was: engine.determinismClass, is: found },
        'the known answers come out differently than at startup: this prover stops serving',
      )
      this.end('changed')
      this.deps.onChange()
    } catch (error) {
      if (signal.aborted) return
      log.warn({ reason: messageOf(error) }, 'the known answers could not be generated')
      this.end('failed')
    }
  }

  private end(outcome: ClassCheckOutcome): void {
    this.pending = null
    this.deps.checks.inc({ outcome })
  }
}
