import { EngineError } from '../errors.js'
import type { GenerationHooks, Generator, StepRecomputer } from '../pipeline/generator.js'
import { type FromThread, type ToThread, toPlainError } from './messages.js'

/** What computes the answers: a pipeline of this thread, or an engine that others use too. */
export type Answering = Pick<Generator, 'generate' | 'classNow'> &
  Pick<StepRecomputer, 'recomputeStep'>

/** The way back to whoever asks. */
export interface AnswerChannel {
  /** @param transfer may be given away instead of copied */
  send(message: FromThread, transfer: ArrayBuffer[]): void
  /** The other side is done with it. */
  close(): void
}

type Handed = Extract<FromThread, { type: 'frame' | 'state' }>
type WithoutId<T> = T extends Handed ? Omit<T, 'id'> : never

/** Answers the messages of a `Dialogue`, one question at a time: over a thread's or process's port, or a connection. */
export class EngineAnswers {
  readonly #engine: Answering
  readonly #channel: AnswerChannel
  #running: AbortController | null = null
  #handed = 0
  #acknowledged = () => {}
  #isGone = false

  constructor(engine: Answering, channel: AnswerChannel) {
    this.#engine = engine
    this.#channel = channel
  }

  hear(message: ToThread): void {
    switch (message.type) {
      case 'generate':
        void this.#answer((signal) => this.#generate(message, signal))
        break
      case 'recompute':
        void this.#answer(async (signal) => {
          const { params, opened } = message
          const recomputed = await this.#engine.recomputeStep(params, opened, { signal })
          this.#send({ type: 'recomputed', recomputed }, [recomputed.state, recomputed.rgb])
        })
        break
      case 'class':
        void this.#answer(async (signal) => {
          const determinismClass = await this.#engine.classNow({ signal })
          this.#send({ type: 'class', determinismClass })
        })
        break
      case 'cancel':
        this.#cancel()
        break
      case 'ack':
        if (message.id === this.#handed) this.#acknowledged()
        break
      case 'close':
        this.#channel.close()
        break
    }
  }

  /** Nobody waits for an answer any more: none is computed to its end. */
  gone(): void {
    this.#isGone = true
    this.#cancel()
  }

  fail(error: unknown): void {
    this.#send({ type: 'failed', error: toPlainError(error) })
  }

  #cancel(): void {
    this.#running?.abort()
    this.#acknowledged()
  }

  #send(message: FromThread, arrays: readonly (Uint8Array | Float32Array)[] = []): void {
    this.#channel.send(
      message,
      arrays.map((array) => array.buffer as ArrayBuffer),
    )
  }

  async #generate(
    { params, frames, states }: Extract<ToThread, { type: 'generate' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const hooks: GenerationHooks = {
      signal,
      onWarning: (warning) => this.#send({ type: 'warning', warning }),
      onProgress: (step, steps) => this.#send({ type: 'progress', step, steps }),
      ...(frames && { onFrame: (index, rgb) => this.#hand({ type: 'frame', index, rgb }, [rgb]) }),
      ...(states && {
        onState: (i, tensors) => this.#hand({ type: 'state', i, tensors }, tensors),
      }),
    }
    const generated = await this.#engine.generate(params, hooks)
    this.#send({ type: 'generated', generated })
  }

  /** Sends what a hook wants, and waits until the other side has dealt with it. */
  #hand(message: WithoutId<Handed>, arrays: readonly (Uint8Array | Float32Array)[]): Promise<void> {
    if (this.#isGone) return Promise.resolve()
    this.#handed += 1
    return new Promise((resolve) => {
      this.#acknowledged = resolve
      this.#send({ ...message, id: this.#handed } as Handed, arrays)
    })
  }

  async #answer(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#running !== null) {
      return this.fail(new EngineError('invalid_request', 'One question at a time.'))
    }
    const running = new AbortController()
    this.#running = running
    try {
      await work(running.signal)
    } catch (error) {
      this.fail(error)
    } finally {
      this.#running = null
    }
  }
}
