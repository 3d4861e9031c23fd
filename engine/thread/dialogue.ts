import { EngineError } from '../errors.js'
import { type FromThread, fromPlainError, type ToThread } from './messages.js'

/** A channel to the thread or process that holds a model. */
export interface EnginePort {
  post(message: ToThread): void
  onMessage(listener: (message: FromThread) => void): void
  /** Called once, when it has ended. @param cause why it ended, if known */
  onEnd(listener: (cause: unknown) => void): void
  /** Whether waiting for it keeps this process alive: ref does, unref does not. */
  ref(): void
  unref(): void
}

/** Turns an engine's messages into promises, one question at a time. */
export class Dialogue {
  readonly #port: EnginePort
  #hear: (message: FromThread) => void = () => {}
  #fail: (error: Error) => void = () => {}
  #ended: EngineError | null = null
  readonly #end: Promise<void>

  /** @param what holds the model: "thread", "process" */
  constructor(port: EnginePort, what: string) {
    this.#port = port
    port.onMessage((message) => this.#hear(message))
    this.#end = new Promise((resolve) => {
      port.onEnd((cause) => {
        // A channel that knows better why it ended provides the error.
        this.#ended ??=
          cause instanceof EngineError
            ? cause
            : new EngineError('engine_failed', `The engine's ${what} has ended.`, {
                hint: 'Open the model again; if it ends again, check the free memory.',
                ...(cause !== undefined && { cause }),
              })
        this.#fail(this.#ended)
        resolve()
      })
    })
  }

  send(message: ToThread): void {
    this.#port.post(message)
  }

  /** Listens until `answer` resolves, the engine reports a failure, or its thread or process ends. */
  async ask<T>(
    answer: (message: FromThread, resolve: (value: T) => void) => void,
    question?: ToThread,
  ): Promise<T> {
    if (this.#ended !== null) throw this.#ended
    this.#port.ref()
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#fail = reject
        this.#hear = (message) => {
          if (message.type === 'failed') reject(fromPlainError(message.error))
          else answer(message, resolve)
        }
        if (question !== undefined) this.send(question)
      })
    } finally {
      this.#hear = () => {}
      this.#fail = () => {}
      this.#port.unref()
    }
  }

  /** Resolves once the model is loaded. @throws EngineError what openEngine throws */
  async opened(): Promise<Opened> {
    try {
      return await this.ask<Opened>((message, resolve) => {
        if (message.type === 'opened') resolve(message)
      })
    } catch (error) {
      await this.exited()
      throw error
    }
  }

  async exited(): Promise<void> {
    if (this.#ended === null) this.#port.ref()
    await this.#end
  }
}

export type Opened = Extract<FromThread, { type: 'opened' }>
