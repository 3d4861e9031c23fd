import type { Hex } from '../formats/bytes.js'
import type { GenerationBody } from '../formats/generation.js'
import { framesMs } from '../rules/routing/deadlines.js'
import type { AuthClaim } from '../wire/btauth.js'
import type { AnswerErrorCode, AnswerHeader, AnswerWarning } from '../wire/schemas.js'
import { encodeRecord } from '../wire/stream.js'
import type { TakenClaim } from '../wire/taken.js'
import type { Priority } from './admission.js'
import { pieceAt } from './http.js'
import type { GenerationEnd } from './outcomes.js'

/** A signed request as received. */
export interface ReceivedRequest {
  /** From (caller, request id): the same id from different callers is different requests. */
  key: Hex
  /** ss58, proven by its signature. */
  caller: string
  body: GenerationBody
  raw: Uint8Array
  rawSha256: Hex
  claim: AuthClaim
  target: string
  priority: Priority
  /** steps · frames · width · height */
  work: number
  /** Counted from its arrival. */
  deadlineMs: number
}

/**
 * One request in progress: the records it has produced so far, and their watchers. A watcher that attaches
 * later gets all records from the first. When the last watcher leaves, the work is cancelled; when the
 * deadline passes, it fails as late.
 */
export class Generation {
  /** Null while it is waiting or running. */
  end: GenerationEnd | null = null
  /** The caller's newest confirmation that it was accepted. */
  taken: TakenClaim | null = null
  private readonly records: Buffer[] = []
  private readonly wakers = new Set<() => void>()
  private readonly stop = new AbortController()
  private readonly endListeners: (() => void)[] = []
  private watchers = 0
  private position = Number.POSITIVE_INFINITY
  private warnings: AnswerWarning[] = []
  /** Bytes of the frames so far. */
  private frameBytes = 0
  /** When it must be done, without the extra time for frames, by `performance.now()`. */
  dueMs: number
  private deadline: NodeJS.Timeout | null = null

  constructor(readonly request: ReceivedRequest) {
    this.dueMs = performance.now() + request.deadlineMs
  }

  /** Aborted between two denoising steps once no watcher is left. */
  get signal(): AbortSignal {
    return this.stop.signal
  }

  /** The listener is called once, however it ends. */
  onEnd(listener: () => void): void {
    this.endListeners.push(listener)
  }

  /**
   * (Re)starts the deadline: a repeated request has its own, and the later one applies. Frames extend it by
   * the time allowed for their bytes.
   */
  expireIn(ms: number): void {
    if (this.end !== null) return
    this.dueMs = performance.now() + ms
    this.watchDeadline()
  }

  private watchDeadline(): void {
    if (this.deadline !== null) clearTimeout(this.deadline)
    const leftMs = this.dueMs + framesMs(this.frameBytes) - performance.now()
    if (leftMs <= 0) this.fail('late', 'the deadline passed before the work was done', true)
    else this.deadline = setTimeout(() => this.watchDeadline(), leftMs)
  }

  /**
   * Reports a position, first once and then only when it decreases: callers treat anything else as an error.
   */
  moved(position: number): void {
    if (this.end !== null || position >= this.position) return
    this.position = position
    this.emit({ type: 'accepted', position, warnings: this.warnings })
  }

  warn(warning: AnswerWarning): void {
    if (this.warnings.includes(warning)) return
    this.warnings = [...this.warnings, warning]
    this.emit({ type: 'accepted', position: this.position, warnings: this.warnings })
  }

  /** Adds a record; after the end, what a cancelled run still emits is dropped. @returns the record's bytes */
  emit(header: AnswerHeader, body?: Uint8Array): Buffer {
    const record = encodeRecord(header, body)
    if (this.end !== null) return record
    if (header.type === 'frame') this.frameBytes += body?.length ?? 0
    this.records.push(record)
    this.wake()
    return record
  }

  finish(done: Extract<AnswerHeader, { type: 'done' }>): void {
    if (this.end !== null) return
    this.emit(done)
    this.close('done')
  }

  /** Ends with an error record, and stops the work if it is running. */
  fail(code: AnswerErrorCode, message: string, retryable: boolean): void {
    this.breakOff(code, { type: 'error', code, message: message.slice(0, 1000), retryable })
  }

  /** Gives its place to a caller with a permit; the same request can be sent again. */
  giveWay(): void {
    const message = 'a caller with a validator permit needed this place: ask again'
    this.breakOff('gave_way', { type: 'error', code: 'internal', message, retryable: true })
  }

  /**
   * Yields the records from the first, as they come, those that are there together in one piece; ends with the
   * generation or the watcher's signal.
   */
  async *follow(signal: AbortSignal): AsyncGenerator<Buffer, void, void> {
    this.watchers++
    try {
      for (let i = 0; ; ) {
        while (i < this.records.length) {
          const { count, bytes } = pieceAt(this.records, i)
          i += count
          yield bytes
        }
        if (this.end !== null || signal.aborted) return
        await this.change(signal)
      }
    } finally {
      this.watchers--
      if (this.watchers === 0) this.fail('cancelled', 'the caller disconnected', false)
    }
  }

  private change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.wakers.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.wakers.add(wake)
      signal.addEventListener('abort', wake)
    })
  }

  private wake(): void {
    for (const wake of [...this.wakers]) wake()
  }

  private breakOff(end: GenerationEnd, record: AnswerHeader): void {
    if (this.end !== null) return
    this.emit(record)
    this.close(end)
    this.stop.abort()
  }

  private close(end: GenerationEnd): void {
    this.end = end
    if (this.deadline !== null) clearTimeout(this.deadline)
    this.wake()
    for (const listener of this.endListeners) listener()
  }
}
