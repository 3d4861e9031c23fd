import type { Duplex } from 'node:stream'
import { EngineError } from '../errors.js'
import { type FromThread, type ToThread, toPlainError } from '../thread/messages.js'
import type { RemoteEngine } from '../thread/remote-engine.js'
import { askedSchema } from './messages.js'
import { encodeRecord, RecordReader } from './records.js'

type Handed = Extract<FromThread, { type: 'frame' | 'state' }>
type WithoutId<T> = T extends Handed ? Omit<T, 'id'> : never

/** One client's connection: answers its questions with an engine that others may use too. */
export class EngineSession {
  readonly #engine: RemoteEngine
  readonly #socket: Duplex
  #running: AbortController | null = null
  #handed = 0
  #acknowledged = () => {}

  constructor(engine: RemoteEngine, socket: Duplex) {
    this.#engine = engine
    this.#socket = socket
    const reader = new RecordReader()
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const message of reader.push(chunk)) this.#hear(askedSchema.parse(message))
      } catch (error) {
        this.#fail(
          new EngineError('invalid_request', 'That is not a question of this protocol.', {
            cause: error,
          }),
        )
        socket.end()
      }
    })
    // Stops computing what nobody waits for any more.
    const gone = () => {
      this.#running?.abort()
      this.#acknowledged()
    }
    socket.on('close', gone)
    socket.on('error', gone)
    const { modelRoot: root, shape, descriptor, determinismClass, software } = engine
    const model = { root, shape, descriptor }
    this.#send({ type: 'opened', model, determinismClass, software: { ...software }, sums: '[]' })
  }

  #send(message: FromThread): void {
    if (!this.#socket.writableEnded) this.#socket.write(encodeRecord(message))
  }

  #fail(error: unknown): void {
    this.#send({ type: 'failed', error: toPlainError(error) })
  }

  #hear(message: ToThread): void {
    switch (message.type) {
      case 'generate':
        void this.#cancellable((signal) => this.#generate(message, signal))
        break
      case 'recompute':
        void this.#cancellable(async (signal) => {
          const { params, opened } = message
          const recomputed = await this.#engine.recomputeStep(params, opened, { signal })
          this.#send({ type: 'recomputed', recomputed })
        })
        break
      case 'class':
        void this.#cancellable(async (signal) => {
          const determinismClass = await this.#engine.classNow({ signal })
          this.#send({ type: 'class', determinismClass })
        })
        break
      case 'cancel':
        this.#running?.abort()
        this.#acknowledged()
        break
      case 'ack':
        if (message.id === this.#handed) this.#acknowledged()
        break
      case 'close':
        this.#socket.end()
        break
    }
  }

  async #generate(
    { params, frames, states }: Extract<ToThread, { type: 'generate' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const generated = await this.#engine.generate(params, {
      signal,
      onWarning: (warning) => this.#send({ type: 'warning', warning }),
      onProgress: (step, steps) => this.#send({ type: 'progress', step, steps }),
      ...(frames && { onFrame: (index, rgb) => this.#hand({ type: 'frame', index, rgb }) }),
      ...(states && { onState: (i, tensors) => this.#hand({ type: 'state', i, tensors }) }),
    })
    this.#send({ type: 'generated', generated })
  }

  /** Sends a hook's message, and waits until the client has processed it. */
  #hand(message: WithoutId<Handed>): Promise<void> {
    this.#handed += 1
    return new Promise((resolve) => {
      this.#acknowledged = resolve
      this.#send({ ...message, id: this.#handed })
      if (this.#socket.destroyed) resolve()
    })
  }

  async #cancellable(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.#running !== null)
      return this.#fail(new EngineError('invalid_request', 'One question at a time.'))
    this.#running = new AbortController()
    try {
      await work(this.#running.signal)
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#running = null
    }
  }
}
