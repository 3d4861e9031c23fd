import { placeFor } from './places.js'
import { inTurn, Shares, type Turn } from './turns.js'

/** Work that waits for the generator. */
export interface Task extends Turn {
  /** True once nobody wants the result: it no longer counts, whatever it still takes to stop. */
  readonly abandoned: boolean
  /** How many tasks go first now; 0 when at work. Called when it changes. */
  moved(position: number): void
  /** Abandons it for a caller with a permit. */
  giveWay(): void
  /** Never rejects. */
  run(): Promise<void>
}

/** One task at a time, in turns (`turns.ts`); who gets a place in the first place, `places.ts` decides. */
export class WorkQueue {
  /** In the order of arrival. */
  private readonly waiting: Task[] = []
  private running: Task | null = null
  private readonly shares = new Shares()

  constructor(readonly capacity: number) {}

  /** Tasks in flight that somebody still wants. */
  get length(): number {
    return this.waiting.length + (this.wanted === null ? 0 : 1)
  }

  /** The position of the task, or null when there is no place for it. It may begin before this returns. */
  offer(task: Task): number | null {
    const inFlight = { running: this.wanted, waiting: this.waiting }
    const placing = placeFor(task, inFlight, this.capacity, this.shares)
    if (!placing.taken) return null
    for (const evicted of placing.evicted) evicted.giveWay()
    this.waiting.push(task)
    if (this.running === null) queueMicrotask(() => this.next())
    return this.order().indexOf(task) + this.ahead
  }

  /** Takes a waiting task out; a running one is its own to stop. */
  withdraw(task: Task): void {
    const at = this.waiting.indexOf(task)
    if (at < 0) return
    this.waiting.splice(at, 1)
    this.announce()
  }

  private get wanted(): Task | null {
    return this.running === null || this.running.abandoned ? null : this.running
  }

  /** How many hold the generator, wanted or not. */
  private get ahead(): number {
    return this.running === null ? 0 : 1
  }

  private order(): Task[] {
    return inTurn(this.waiting, this.shares)
  }

  private next(): void {
    if (this.running !== null) return
    const [task] = this.order()
    if (task === undefined) return
    this.waiting.splice(this.waiting.indexOf(task), 1)
    this.running = task
    if (task.priority.permit) this.shares.charge(task)
    task.moved(0)
    this.announce()
    void task.run().finally(() => {
      this.running = null
      this.next()
    })
  }

  private announce(): void {
    for (const [i, task] of this.order().entries()) task.moved(i + this.ahead)
  }
}
