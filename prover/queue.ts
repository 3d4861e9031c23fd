import { comparePriority, type Priority } from './admission.js'

/** Work that waits for the generator. */
interface Task {
  readonly priority: Priority
  /** True once nobody wants the result: it no longer counts, whatever it still takes to stop. */
  readonly abandoned: boolean
  /** How many tasks go first now; 0 when at work. Called when it changes. */
  moved(position: number): void
  /** Never rejects. */
  run(): Promise<void>
}

/**
 * One task at a time, the highest priority first, arrival deciding between equals. At most `capacity`
 * tasks in flight, running and waiting together.
 */
export class WorkQueue {
  private readonly waiting: Task[] = []
  private running: Task | null = null

  constructor(readonly capacity: number) {}

  /** Tasks in flight that somebody still wants. */
  get length(): number {
    const working = this.running !== null && !this.running.abandoned ? 1 : 0
    return this.waiting.length + working
  }

  /** The position of the task, or null when the queue is full. It may begin before this returns. */
  offer(task: Task): number | null {
    if (this.length >= this.capacity) return null
    const before = this.waiting.findIndex((w) => comparePriority(task.priority, w.priority) < 0)
    this.waiting.splice(before < 0 ? this.waiting.length : before, 0, task)
    const position = this.waiting.indexOf(task) + (this.running === null ? 0 : 1)
    if (this.running === null) queueMicrotask(() => this.next())
    return position
  }

  /** Takes a waiting task out; a running one is its own to stop. */
  withdraw(task: Task): void {
    const at = this.waiting.indexOf(task)
    if (at < 0) return
    this.waiting.splice(at, 1)
    this.announce()
  }

  private next(): void {
    if (this.running !== null) return
    const task = this.waiting.shift()
    if (task === undefined) return
    this.running = task
    task.moved(0)
    this.announce()
    void task.run().finally(() => {
      this.running = null
      this.next()
    })
  }

  private announce(): void {
    const ahead = this.running === null ? 0 : 1
    this.waiting.forEach((task, i) => {
      task.moved(i + ahead)
    })
  }
}
