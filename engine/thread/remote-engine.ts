import { Mutex } from '../../base/concurrency/semaphore.js'
import type { Hex } from '../../formats/bytes.js'
import type { GenerationParams } from '../../formats/generation.js'
import type { WorkShape } from '../../formats/video-shape.js'
import { EngineError } from '../errors.js'
import type { ModelDescriptor } from '../model/descriptor.js'
import type { ModelShape } from '../model/model-shape.js'
import type {
  Device,
  Generated,
  GenerationHooks,
  Generator,
  StepRecomputer,
} from '../pipeline/generator.js'
import { validateParams } from '../pipeline/params.js'
import type { OpenedStep, RecomputedStep } from '../pipeline/recompute-step.js'
import { stateSize } from '../pipeline/states.js'
import { cancelledError, throwIfCancelled } from '../runtime/cancellation.js'
import type { Dialogue, Opened } from './dialogue.js'
import type { FromThread, ToThread } from './messages.js'

/** An engine in another thread or process. */
export class RemoteEngine implements Generator, StepRecomputer {
  readonly modelRoot: Hex
  readonly determinismClass: string
  readonly software: Readonly<Record<string, string>>
  readonly descriptor: ModelDescriptor | null
  readonly device: Device
  readonly instance: string
  /** For validating requests before they are sent. */
  readonly shape: ModelShape
  readonly #thread: Dialogue
  /** The thread generates one video at a time. */
  readonly #mutex = new Mutex()
  readonly #running = new Set<AbortController>()
  #closed = false

  constructor(thread: Dialogue, device: Device, opened: Opened) {
    const { model, determinismClass, software, instance } = opened
    this.#thread = thread
    this.instance = instance
    this.shape = model.shape
    this.device = device
    this.modelRoot = model.root
    this.determinismClass = determinismClass
    this.software = software
    this.descriptor = model.descriptor
  }

  async generate(params: GenerationParams, hooks: GenerationHooks = {}): Promise<Generated> {
    validateParams(params, this.shape)
    return this.#inTurn(hooks.signal, (run) => this.#run(params, hooks, run))
  }

  async recomputeStep(
    params: GenerationParams,
    opened: OpenedStep,
    { signal }: Pick<GenerationHooks, 'signal'> = {},
  ): Promise<RecomputedStep> {
    // The thread checks too; here a bad request is rejected before its turn comes.
    validateParams(params, this.shape)
    return this.#ask({ type: 'recompute', params, opened }, signal, (message) =>
      message.type === 'recomputed' ? message.recomputed : null,
    )
  }

  classNow({ signal }: Pick<GenerationHooks, 'signal'> = {}): Promise<string> {
    return this.#ask({ type: 'class' }, signal, (message) =>
      message.type === 'class' ? message.determinismClass : null,
    )
  }

  /**
   * Sends a question to the thread, in turn, and returns its single answer.
   * @param read returns null for any other message
   */
  #ask<T>(
    question: ToThread,
    signal: AbortSignal | undefined,
    read: (message: FromThread) => T | null,
  ): Promise<T> {
    return this.#inTurn(signal, async (run) => {
      const cancel = () => this.#thread.send({ type: 'cancel' })
      run.signal.addEventListener('abort', cancel, { once: true })
      try {
        return await this.#thread.ask<T>((message, resolve) => {
          const answer = read(message)
          if (answer !== null) resolve(answer)
        }, question)
      } finally {
        run.signal.removeEventListener('abort', cancel)
      }
    })
  }

  stateSize(params: WorkShape, i: number): number {
    return stateSize(params, this.shape, i)
  }

  async #inTurn<T>(
    signal: AbortSignal | undefined,
    work: (run: AbortController) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) throw new EngineError('closed', 'The generator is closed.')
    throwIfCancelled(signal)
    const run = new AbortController()
    const abort = () => run.abort(cancelledError())
    this.#running.add(run)
    signal?.addEventListener('abort', abort, { once: true })
    try {
      return await this.#mutex.run(() => work(run), run.signal)
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#running.delete(run)
    }
  }

  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      for (const run of this.#running) run.abort(cancelledError())
      await this.#mutex.run(async () => this.#thread.send({ type: 'close' }))
    }
    await this.#thread.exited()
  }

  async #run(
    params: GenerationParams,
    hooks: GenerationHooks,
    run: AbortController,
  ): Promise<Generated> {
    // If a hook throws, the thread's work stops and the caller gets that error.
    let hookFailure: { error: unknown } | undefined
    const call = async (hook: () => void | Promise<void>, id?: number): Promise<void> => {
      try {
        await hook()
        if (id !== undefined) this.#thread.send({ type: 'ack', id })
      } catch (error) {
        hookFailure ??= { error }
        run.abort()
      }
    }
    const cancel = () => this.#thread.send({ type: 'cancel' })
    run.signal.addEventListener('abort', cancel, { once: true })
    try {
      return await this.#thread.ask<Generated>(
        (message, resolve) => {
          switch (message.type) {
            case 'warning':
              void call(() => hooks.onWarning?.(message.warning))
              break
            case 'progress':
              void call(() => hooks.onProgress?.(message.step, message.steps))
              break
            case 'frame':
              void call(() => hooks.onFrame?.(message.index, message.rgb), message.id)
              break
            case 'state':
              void call(() => hooks.onState?.(message.i, message.tensors), message.id)
              break
            case 'generated':
              resolve(message.generated)
              break
            case 'opened':
            case 'recomputed':
            case 'class':
            case 'failed':
              break
          }
        },
        {
          type: 'generate',
          params,
          frames: hooks.onFrame !== undefined,
          states: hooks.onState !== undefined,
        },
      )
    } finally {
      run.signal.removeEventListener('abort', cancel)
      // biome-ignore lint/correctness/noUnsafeFinally: a failed hook outranks what it led to
      if (hookFailure !== undefined) throw hookFailure.error
    }
  }
}
