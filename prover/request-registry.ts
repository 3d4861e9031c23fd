import type { Hex } from '../formats/bytes.js'
import { usPerWork } from '../rules/work-time.js'
import { Generation, type ReceivedRequest } from './generation.js'
import type { AnswerStore } from './keeping/answer-store.js'
import { type Task, WorkQueue } from './queue.js'

/**
 * What becomes of a request:
 * - `live`: a generation to follow, new or (attached) the one already at work for this id
 * - `kept`: it was answered before: the stored answer again
 * - `conflict`: this id was asked with another body
 * - `full`: no place for it (`places.ts`)
 */
type Ticket =
  | { kind: 'live'; generation: Generation; attached: boolean }
  | { kind: 'kept' }
  | { kind: 'conflict' }
  | { kind: 'full'; retryAfterS: number }

/** Where requests are taken in: one generation per (caller, request id), in turns. */
export class RequestRegistry {
  private readonly live = new Map<Hex, Generation>()
  private readonly queue: WorkQueue
  private readonly runs = new Set<Promise<void>>()
  private closed = false
  private lastRunMs = 1000
  /** floor(µs · 10^6 / work) of the newest generation; null before the first. */
  usPerWork: number | null = null

  constructor(
    private readonly deps: {
      capacity: number
      answers: AnswerStore
      work(generation: Generation): Promise<void>
      now(): number
      /** Called with the requests in flight whenever they change. */
      onLength(length: number): void
    },
  ) {
    this.queue = new WorkQueue(deps.capacity)
  }

  get capacity(): number {
    return this.queue.capacity
  }

  /** Requests in flight, running and waiting. */
  get length(): number {
    return this.queue.length
  }

  /** Whether the request is at work, or its answer is kept. */
  knows({ key }: ReceivedRequest): boolean {
    return this.live.has(key) || this.deps.answers.get(key) !== null
  }

  /** Nothing here waits: two copies of a request that come together meet the same generation. */
  take(request: ReceivedRequest): Ticket {
    const running = this.live.get(request.key)
    if (running !== undefined) {
      if (running.request.rawSha256 !== request.rawSha256) return { kind: 'conflict' }
      running.expireIn(request.deadlineMs)
      return { kind: 'live', generation: running, attached: true }
    }
    const kept = this.deps.answers.get(request.key)
    if (kept !== null) {
      return kept.body_sha256 === request.rawSha256 ? { kind: 'kept' } : { kind: 'conflict' }
    }
    return this.enqueue(new Generation(request))
  }

  /** Takes work of the prover's own into the queue. @returns its position, or null when there is no place */
  offer(task: Task): number | null {
    return this.closed ? null : this.queue.offer(task)
  }

  withdraw(task: Task): void {
    this.queue.withdraw(task)
  }

  /** Ends everything in flight, and takes nothing more; it may be asked again elsewhere. */
  close(why = 'the prover is stopping'): void {
    this.closed = true
    for (const generation of [...this.live.values()]) generation.fail('internal', why, true)
  }

  /** Resolves when no work is left running. */
  async idle(): Promise<void> {
    await Promise.all(this.runs)
  }

  private enqueue(generation: Generation): Ticket {
    const { request } = generation
    const { caller, priority, work } = request
    const task = {
      ...{ caller, priority, work },
      get abandoned() {
        return generation.end !== null
      },
      moved: (position: number) => generation.moved(position),
      giveWay: () => generation.giveWay(),
      run: () => {
        const run = this.run(generation).finally(() => this.runs.delete(run))
        this.runs.add(run)
        return run
      },
    }
    // Who was being let in when the end began would be cut off without a word.
    const position = this.closed ? null : this.queue.offer(task)
    if (position === null) {
      const retryAfterS = Math.ceil((this.lastRunMs * this.queue.length) / 1000)
      return { kind: 'full', retryAfterS: Math.min(600, Math.max(1, retryAfterS)) }
    }
    this.live.set(request.key, generation)
    generation.onEnd(() => {
      this.live.delete(request.key)
      this.queue.withdraw(task)
      this.deps.onLength(this.length)
    })
    this.deps.onLength(this.length)
    generation.moved(position)
    generation.expireIn(request.deadlineMs)
    return { kind: 'live', generation, attached: false }
  }

  private async run(generation: Generation): Promise<void> {
    if (generation.end !== null) return
    const startedMs = this.deps.now()
    await this.deps.work(generation)
    if (generation.end !== 'done') return
    this.lastRunMs = this.deps.now() - startedMs
    this.usPerWork = usPerWork(1000 * this.lastRunMs, generation.request.work)
  }
}
