import { hedgeAfterMs } from '../../rules/routing/hedge.js'
import type { RequestOutcome } from '../../wire/outcome.js'
import type { InferenceDeps } from '../inference-deps.js'
import { storedParams } from '../shared/stored-request.js'
import { type RequestHooks, type RequestTarget, requestVideo } from './request-video.js'

/** How the request to one of an attempt's provers ended. */
export interface HedgeResult {
  readonly asked: RequestTarget
  readonly outcome: RequestOutcome | null
  /** The other one began first: whatever this one answered is neutral. */
  readonly outpaced: boolean
}

/** What an attempt is told of its provers' answers. */
export interface AttemptHooks extends Omit<RequestHooks, 'onBegun' | 'onAnswer'> {
  /** As `RequestHooks.onAnswer`. */
  onAnswer(requestId: string, framesSha256: string, frames: readonly Uint8Array[]): void
}

interface ProverRequest {
  readonly asked: RequestTarget
  /** Of its generation; null until they were needed. */
  steps: number | null
  readonly stop: AbortController
  outpaced: boolean
  ended: boolean
}

/**
 * Asks an attempt's prover and, if it shows no progress within the time expected from its measurements, a
 * second one. The first to begin (a step is done, or a frame has arrived) is waited for, the other is
 * stopped. At most once per attempt, and never after one has begun.
 */
export class HedgedRequest {
  readonly #requests: ProverRequest[] = []
  readonly #ends: Promise<HedgeResult>[] = []
  #begun: ProverRequest | null = null
  #timer: NodeJS.Timeout | undefined
  #hedging: Promise<void> | null = null

  constructor(
    private readonly deps: InferenceDeps,
    private readonly signal: AbortSignal,
    private readonly hooks: AttemptHooks,
    /** Stores the second prover's attempt; null when no other prover can take it. */
    private readonly second: () => Promise<RequestTarget | null>,
  ) {}

  /** @param asked the attempt's provers that have no outcome yet: two if it was hedged before a crash */
  async run(asked: readonly RequestTarget[]): Promise<HedgeResult[]> {
    for (const one of asked) this.#ask(one)
    const [first] = this.#requests
    const { row, mayBeHedged } = first!.asked
    if (asked.length === 1 && mayBeHedged) this.#arm(first!, row.inFlight ?? 0)
    try {
      const ends: HedgeResult[] = []
      // A second one may join while the first is waited for.
      for (let i = 0; i < this.#ends.length; i++) {
        ends.push(await this.#ends[i]!)
        clearTimeout(this.#timer)
        await this.#hedging
      }
      return ends
    } finally {
      clearTimeout(this.#timer)
      for (const request of this.#requests) request.stop.abort()
      await Promise.allSettled(this.#ends)
    }
  }

  #ask(asked: RequestTarget): void {
    const request: ProverRequest = {
      asked,
      steps: null,
      stop: new AbortController(),
      outpaced: false,
      ended: false,
    }
    this.#requests.push(request)
    const end = requestVideo(
      this.deps,
      asked,
      AbortSignal.any([request.stop.signal, this.signal]),
      {
        onPosition: (position) => {
          // The hedge's queue position says nothing about the user's wait while the first prover may still
          // begin.
          if (request === this.#requests[0]) {
            this.hooks.onPosition(position)
            if (this.#timer !== undefined && this.#begun === null) this.#arm(request, position)
          }
        },
        onBegun: () => this.#begin(request),
        onProgress: (step, steps) => {
          if (!request.outpaced) this.hooks.onProgress(step, steps)
        },
        onFrame: (index, frames) => {
          if (!request.outpaced) this.hooks.onFrame(index, frames)
        },
        onAnswer: (framesSha256, frames) => {
          if (!request.outpaced) this.hooks.onAnswer(asked.row.requestId, framesSha256, frames)
        },
      },
    ).then((outcome) => {
      request.ended = true
      if (outcome?.kind === 'answered') this.#begin(request)
      return { asked, outcome, outpaced: request.outpaced }
    })
    // Handled by `run`, which may still be waiting for the first request.
    end.catch(() => undefined)
    this.#ends.push(end)
  }

  /** The first to begin keeps the request; the other one is stopped, whatever it is doing. */
  #begin(request: ProverRequest): void {
    if (this.#begun !== null || request.outpaced) return
    this.#begun = request
    clearTimeout(this.#timer)
    for (const other of this.#requests) {
      if (other === request || other.ended) continue
      other.outpaced = true
      other.stop.abort()
    }
  }

  #arm(request: ProverRequest, position: number): void {
    clearTimeout(this.#timer)
    const { row, usPerWork } = request.asked
    // Read once, before it is sent: it takes longer than all that is done between `accepted` and the `taken` after it.
    request.steps ??= storedParams(row).steps
    const { steps } = request
    const { hedgeFloorMs: floorMs } = this.deps
    const ms = hedgeAfterMs({ floorMs, usPerWork, work: row.work, steps, position })
    if (ms === null || ms >= row.deadlineMs) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#hedging = this.#hedge(request)
      this.#hedging.catch(() => undefined)
    }, ms)
  }

  async #hedge(first: ProverRequest): Promise<void> {
    if (first.ended || this.#begun !== null || this.signal.aborted) return
    const asked = await this.second()
    if (asked === null) return
    const { inferenceId, hotkey } = asked.row
    this.deps.log.info(
      { inferenceId, hotkey },
      'hedging: asking a second prover because the first is slow',
    )
    this.#ask(asked)
    // It began, or ended, while the second one's row was stored: no second prover is needed.
    if (this.#begun !== null) {
      const request = this.#requests.at(-1)!
      request.outpaced = true
      request.stop.abort()
    }
  }
}
