import { setTimeout as sleep } from 'node:timers/promises'
import type { Hex } from '../formats/bytes.js'
import { generationParams } from '../formats/generation.js'
import type { VideoShape } from '../formats/video-shape.js'
import { lowerMedian } from '../rules/order.js'
import { usOfWork, usPerWork } from '../rules/work-time.js'
import type { TakenClaim } from '../wire/taken.js'
import type { ProverEngine } from './engines/prover-engine.js'
import { Generation, type ReceivedRequest } from './generation.js'
import type { AnswerStore } from './keeping/answer-store.js'
import { type Task, WorkQueue } from './queue.js'

/**
 * What becomes of a request:
 * - `live`: a generation to follow, new or (attached) the one already running for this id
 * - `kept`: already answered: resend the stored answer
 * - `conflict`: this id was used with another body
 * - `full`: no place for it, or it would be late (`queue.ts`)
 */
type Ticket =
  | { kind: 'live'; generation: Generation; attached: boolean }
  | { kind: 'kept' }
  | { kind: 'conflict' }
  | { kind: 'full'; retryAfterS: number }

/** cuDNN searches for kernels again for a new size: 3 to 4 s on an H100 (docs/performance.md). */
const SIZE_CHANGE_MS = 4000
/**
 * A request's time is the median over this many of the newest similar generations, so that one hiccup does
 * not matter.
 */
const LIKE_RUNS = 5
/** How many measurements are kept. */
const MEASURED_RUNS = 64

/** Accepts requests: one generation per (caller, request id), in turns. */
export class RequestRegistry {
  private readonly live = new Map<Hex, Generation>()
  private readonly queue: WorkQueue<ProverEngine>
  private readonly runs = new Set<Promise<void>>()
  private closed = false
  /** The newest generations; usPerWork is floor(µs · 10^6 / work). */
  private readonly measured: { work: number; usPerWork: number }[] = []

  constructor(
    private readonly deps: {
      engines: readonly ProverEngine[]
      answers: AnswerStore
      work(generation: Generation, engine: ProverEngine): Promise<void>
      /** Called with the number of requests in flight whenever it changes. */
      onLength(length: number): void
    },
  ) {
    const expectedMs = (work: number) => {
      const value = this.usPerWork(work)
      return value === null ? null : usOfWork(value, work) / 1000
    }
    this.queue = new WorkQueue(deps.engines, expectedMs, {
      ms: this.coldUs / 1000,
      // The known answers leave it warm for this size.
      warmFor: ({ descriptor }) => (descriptor === null ? undefined : sizeOf(descriptor)),
    })
  }

  /** µs that a video of another size than the engine's last one takes longer. */
  get coldUs(): number {
    return this.deps.engines[0]?.device === 'cuda' ? 1000 * SIZE_CHANGE_MS : 0
  }

  /** GPUs in service. */
  get gpus(): number {
    return this.queue.gpus
  }

  /**
   * floor(µs · 10^6 / work), the lower median of the newest generations of at least half of this work. Null
   * without any: a short video takes longer per unit of work, and says nothing about a long one.
   */
  usPerWork(work: number): number | null {
    const alike = this.measured.filter((run) => 2 * run.work >= work).slice(-LIKE_RUNS)
    return lowerMedian(alike.map((run) => run.usPerWork))
  }

  /** Requests in flight, running and waiting. */
  get length(): number {
    return this.queue.length
  }

  /** Whether the request is in progress, or its answer is stored. */
  knows({ key }: ReceivedRequest): boolean {
    return this.live.has(key) || this.deps.answers.bodySha256(key) !== null
  }

  inFlight(key: Hex): Generation | null {
    return this.live.get(key) ?? null
  }

  /**
   * What a refused caller is shown: which other callers with a permit occupy this prover, as proven by their
   * signatures.
   */
  takenByOthers(caller: string): TakenClaim[] {
    return [...this.live.values()].flatMap(({ request, taken }) =>
      taken === null || request.caller === caller || !request.priority.permit ? [] : [taken],
    )
  }

  /** Synchronous, so that two copies of a request that arrive together attach to the same generation. */
  take(request: ReceivedRequest): Ticket {
    const running = this.live.get(request.key)
    if (running !== undefined) {
      if (running.request.rawSha256 !== request.rawSha256) return { kind: 'conflict' }
      running.expireIn(request.deadlineMs)
      return { kind: 'live', generation: running, attached: true }
    }
    const answered = this.deps.answers.bodySha256(request.key)
    if (answered !== null) {
      return answered === request.rawSha256 ? { kind: 'kept' } : { kind: 'conflict' }
    }
    return this.enqueue(new Generation(request))
  }

  /** Queues the prover's own work. @returns its position, or null if there is no place */
  offer(task: Task<ProverEngine>): number | null {
    return this.closed ? null : this.queue.offer(task)
  }

  withdraw(task: Task<ProverEngine>): void {
    this.queue.withdraw(task)
  }

  /** Whether it accepts nothing more. */
  get isClosed(): boolean {
    return this.closed
  }

  /** Accepts nothing more. Resolves when everything accepted has ended, or after `limitMs`. */
  async drain(limitMs: number): Promise<void> {
    this.closed = true
    const ended = [...this.live.values()].map(
      (generation) => new Promise<void>((resolve) => generation.onEnd(resolve)),
    )
    const limit = new AbortController()
    const waited = sleep(limitMs, undefined, { signal: limit.signal }).catch(() => undefined)
    await Promise.race([Promise.all(ended), waited])
    limit.abort()
  }

  /** Ends everything in flight, and accepts nothing more; callers may ask elsewhere. */
  close(why = 'the prover is stopping'): void {
    this.closed = true
    for (const generation of [...this.live.values()]) generation.fail('internal', why, true)
  }

  /** Resolves when no work is running any more. */
  async idle(): Promise<void> {
    await Promise.all(this.runs)
  }

  private enqueue(generation: Generation): Ticket {
    const { request } = generation
    const { caller, priority, work } = request
    const task = {
      ...{ caller, priority, work, size: sizeOf(generationParams(request.body)) },
      get abandoned() {
        return generation.end !== null
      },
      get dueMs() {
        return generation.dueMs
      },
      moved: (position: number) => generation.moved(position),
      giveWay: () => generation.giveWay(),
      run: (engine: ProverEngine) => {
        const run = this.run(generation, engine).finally(() => this.runs.delete(run))
        this.runs.add(run)
        return run
      },
    }
    // A request being admitted while the shutdown begins would be cut off without an answer.
    const position = this.closed ? null : this.queue.offer(task)
    if (position === null) {
      const retryAfterS = Math.ceil((this.queue.nextEndMs() ?? 0) / 1000)
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

  private async run(generation: Generation, engine: ProverEngine): Promise<void> {
    if (generation.end !== null) return
    const startedMs = performance.now()
    await this.deps.work(generation, engine)
    if (generation.end !== 'done') return
    const us = Math.round(1000 * (performance.now() - startedMs))
    const { work } = generation.request
    this.measured.push({ work, usPerWork: usPerWork(us, work) })
    if (this.measured.length > MEASURED_RUNS) this.measured.shift()
  }
}

function sizeOf({
  frames,
  width,
  height,
}: Pick<VideoShape, 'frames' | 'width' | 'height'>): string {
  return `${frames} ${width} ${height}`
}
