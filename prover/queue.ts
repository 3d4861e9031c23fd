import { expectedEnds } from './expected-ends.js'
import { placeFor } from './places.js'
import { inTurn, Shares, type Turn } from './turns.js'

/** Work that waits for an engine. */
export interface Task<E> extends Turn {
  /** True once nobody wants the result: it no longer counts, even if it takes a while to stop. */
  readonly abandoned: boolean
  /** The engine that must run it; undefined: any. */
  readonly only?: E | undefined
  /**
   * Size of its video: an engine whose last video had another size is slower. Undefined: it does not change
   * an engine's size.
   */
  readonly size?: string | undefined
  /** When it must be done, by `performance.now()`. */
  readonly dueMs: number
  /** Called when its position changes: how many tasks must end before it begins; 0 when it is running. */
  moved(position: number): void
  /** Abandons it for a caller with a permit. */
  giveWay(): void
  /** Never rejects. */
  run(engine: E): Promise<void>
}

/** What a queue assigns work to. */
export interface QueuedEngine {
  /** It has lost its process and takes nothing at the moment. */
  readonly isLost?: boolean
  /** Calls the listener whenever it can take work again. */
  onRestored?(listener: () => void): void
}

/** An engine and its current task. */
interface Slot<E> {
  readonly engine: E
  /** Size of its last video. */
  size: string | undefined
  run: { task: Task<E>; startedMs: number } | null
}

/** The cost of switching an engine to a video of another size. */
export interface SizeChange<E> {
  readonly ms: number
  /** The size that it is warm for before its first task. */
  warmFor(engine: E): string | undefined
}

/**
 * One task at a time per engine, in turns (`turns.ts`). A task is accepted if it has a place (`places.ts`)
 * and is expected to be done by its deadline without making another one late.
 */
export class WorkQueue<E extends QueuedEngine> {
  /** In order of arrival. */
  private readonly waiting: Task<E>[] = []
  private readonly slots: readonly Slot<E>[]
  private readonly shares = new Shares()

  /** @param expectedMs how long this much work takes; null if not measured yet */
  constructor(
    engines: readonly E[],
    private readonly expectedMs: (work: number) => number | null,
    private readonly sizeChange: SizeChange<E> = { ms: 0, warmFor: () => undefined },
  ) {
    this.slots = engines.map((engine) => ({
      engine,
      size: sizeChange.warmFor(engine),
      run: null,
    }))
    for (const engine of engines) engine.onRestored?.(() => this.next())
  }

  /** GPUs in service: a lost engine is not declared. */
  get gpus(): number {
    return Math.max(1, this.inService.length)
  }

  /** Tasks in flight that somebody still wants. */
  get length(): number {
    return this.waiting.length + this.wanted.length
  }

  /** Returns the position of the task, or null if it is not accepted. It may begin before this returns. */
  offer(task: Task<E>): number | null {
    if (this.inService.length === 0) return null
    const inFlight = { running: this.wanted, waiting: this.waiting }
    const placing = placeFor(task, inFlight, this.gpus)
    if (!placing.taken || !this.isInTime(task, placing.evicted)) return null
    for (const evicted of placing.evicted) evicted.giveWay()
    this.waiting.push(task)
    queueMicrotask(() => this.next())
    return this.positionOf(this.order().indexOf(task))
  }

  /** Removes a waiting task; a running one has to stop itself. */
  withdraw(task: Task<E>): void {
    const at = this.waiting.indexOf(task)
    if (at < 0) return
    this.waiting.splice(at, 1)
    this.announce()
  }

  /** Time until the next running task is expected to end; null if unknown. */
  nextEndMs(): number | null {
    const ends = this.busyMs([])
    return ends.length === 0 ? null : Math.min(...ends)
  }

  /**
   * Whether the task, and the waiting ones with a permit, are expected to be done in time. A task that can
   * begin at once is accepted whatever was measured: refusing would not help anybody, and only new work gives
   * new measurements.
   */
  private isInTime(task: Task<E>, evicted: readonly Task<E>[]): boolean {
    const waiting = this.waiting.filter((one) => !evicted.includes(one))
    const busyMs = this.busyMs(evicted)
    if (waiting.length === 0 && busyMs.includes(0)) return true
    const order = inTurn([...waiting, task], this.shares)
    const tasksMs = order.map((one) => (this.expectedMs(one.work) ?? 0) + this.changeMs(one))
    const now = performance.now()
    const ends = expectedEnds(busyMs, tasksMs)
    return order.every((one, i) => {
      const counts = one === task || one.priority.permit
      return !counts || now + ends[i]! <= one.dueMs
    })
  }

  /** 0 if an engine in service is warm for its size, because that one takes it. */
  private changeMs({ size }: Task<E>): number {
    const isWarm = size === undefined || this.inService.some((slot) => slot.size === size)
    return isWarm ? 0 : this.sizeChange.ms
  }

  /** For each engine in service, the expected remaining time of its current task. */
  private busyMs(evicted: readonly Task<E>[]): number[] {
    const now = performance.now()
    return this.inService.map(({ run }) => {
      if (run === null || run.task.abandoned || evicted.includes(run.task)) return 0
      const leftMs = run.startedMs + (this.expectedMs(run.task.work) ?? 0) - now
      // It is still running even if it takes longer than measured.
      return Math.max(1, leftMs)
    })
  }

  private get inService(): Slot<E>[] {
    return this.slots.filter(({ engine }) => !engine.isLost)
  }

  private get wanted(): Task<E>[] {
    return this.slots.flatMap(({ run }) => (run === null || run.task.abandoned ? [] : [run.task]))
  }

  private order(): Task<E>[] {
    return inTurn(this.waiting, this.shares)
  }

  private positionOf(turn: number): number {
    const free = this.inService.filter(({ run }) => run === null).length
    return Math.max(0, turn + 1 - free)
  }

  private next(): void {
    const { free, task } = this.match()
    if (free === undefined || task === undefined) return
    this.waiting.splice(this.waiting.indexOf(task), 1)
    free.run = { task, startedMs: performance.now() }
    free.size = task.size ?? free.size
    if (task.priority.permit) this.shares.charge(task)
    task.moved(0)
    this.announce()
    void task.run(free.engine).finally(() => {
      free.run = null
      this.next()
    })
    this.next()
  }

  /**
   * The first task in turn that a free engine may take; of several engines, one that is warm for its size.
   */
  private match(): { free?: Slot<E>; task?: Task<E> } {
    const slots = this.inService.filter(({ run }) => run === null)
    for (const task of slots.length === 0 ? [] : this.order()) {
      const able = slots.filter(({ engine }) => task.only === undefined || task.only === engine)
      const free = able.find(({ size }) => size === task.size) ?? able[0]
      if (free !== undefined) return { free, task }
    }
    return {}
  }

  private announce(): void {
    for (const [i, task] of this.order().entries()) task.moved(this.positionOf(i))
  }
}
