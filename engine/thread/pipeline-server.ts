import { tellSums } from '../model/file-sums.js'
import type { Model } from '../model/model.js'
import type { GenerationHooks } from '../pipeline/generator.js'
import type { Pipeline } from '../pipeline/pipeline.js'
import { type FromThread, type ToThread, toPlainError } from './messages.js'

/** The channel back to the client. */
interface Channel {
  /** @param transfer buffers that may be transferred instead of copied */
  send(message: FromThread, transfer: ArrayBuffer[]): void
  /** Lets this thread or process end. */
  close(): void
}

type Handed = Extract<FromThread, { type: 'frame' | 'state' }>
type WithoutId<T> = T extends Handed ? Omit<T, 'id'> : never

/** Answers the messages of a `Dialogue` with a pipeline, in the thread that holds it. */
export class PipelineServer {
  #pipeline: Pipeline | null = null
  #running: AbortController | null = null
  #handed = 0
  #acknowledged = () => {}

  constructor(private readonly channel: Channel) {}

  /** Opens the pipeline and reports the result. */
  async open(
    read: () => Model | Promise<Model>,
    open: (model: Model) => Promise<Pipeline>,
  ): Promise<void> {
    try {
      const model = await read()
      this.#pipeline = await open(model)
      // The networks have their own copies of the weights now.
      model.files.bytes.clear()
      const { shape, descriptor } = model.config
      const determinismClass = await this.#pipeline.determinismClass()
      const precision = descriptor?.precision
      const software = { ...(precision && { precision }), ...(await this.#pipeline.software()) }
      const opened = { root: model.files.root, shape, descriptor }
      this.#send({ type: 'opened', model: opened, determinismClass, software, sums: tellSums() })
    } catch (error) {
      await this.#pipeline?.release()
      this.fail(error)
    }
  }

  /** Reports why there is no pipeline, and ends. */
  fail(error: unknown): void {
    this.#send({ type: 'failed', error: toPlainError(error) })
    this.channel.close()
  }

  hear(message: ToThread): void {
    switch (message.type) {
      case 'generate':
        void this.#generate(message)
        break
      case 'recompute':
        void this.#recompute(message)
        break
      case 'class':
        void this.#classNow()
        break
      case 'cancel':
        this.#running?.abort()
        this.#acknowledged()
        break
      case 'ack':
        if (message.id === this.#handed) this.#acknowledged()
        break
      case 'close':
        void this.#pipeline!.release().finally(() => this.channel.close())
        break
    }
  }

  #send(message: FromThread, transfer: ArrayBuffer[] = []): void {
    this.channel.send(message, transfer)
  }

  /** Sends a hook's message, and waits until the hook has processed it. */
  #hand(message: WithoutId<Handed>, arrays: readonly (Uint8Array | Float32Array)[]): Promise<void> {
    this.#handed += 1
    return new Promise((resolve) => {
      this.#acknowledged = resolve
      this.#send(
        { ...message, id: this.#handed } as Handed,
        arrays.map((array) => array.buffer as ArrayBuffer),
      )
    })
  }

  async #generate(message: Extract<ToThread, { type: 'generate' }>): Promise<void> {
    await this.#cancellable(async (signal) => {
      const hooks: GenerationHooks = {
        signal,
        onWarning: (warning) => this.#send({ type: 'warning', warning }),
        onProgress: (step, steps) => this.#send({ type: 'progress', step, steps }),
      }
      if (message.frames) {
        hooks.onFrame = (index, rgb) => this.#hand({ type: 'frame', index, rgb }, [rgb])
      }
      if (message.states) {
        hooks.onState = (i, tensors) => this.#hand({ type: 'state', i, tensors }, tensors)
      }
      const generated = await this.#pipeline!.generate(message.params, hooks)
      this.#send({ type: 'generated', generated })
    })
  }

  async #recompute({ params, opened }: Extract<ToThread, { type: 'recompute' }>): Promise<void> {
    await this.#cancellable(async (signal) => {
      const recomputed = await this.#pipeline!.recomputeStep(params, opened, { signal })
      this.#send({ type: 'recomputed', recomputed }, [
        recomputed.state.buffer as ArrayBuffer,
        recomputed.rgb.buffer as ArrayBuffer,
      ])
    })
  }

  async #classNow(): Promise<void> {
    await this.#cancellable(async (signal) => {
      const determinismClass = await this.#pipeline!.determinismClass({ signal })
      this.#send({ type: 'class', determinismClass })
    })
  }

  async #cancellable(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#running = new AbortController()
    try {
      await work(this.#running.signal)
    } catch (error) {
      this.#send({ type: 'failed', error: toPlainError(error) })
    } finally {
      this.#running = null
    }
  }
}
