import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { isCompiled } from '../base/compiled.js'
import { Mutex } from '../base/concurrency/semaphore.js'
import type { Hex } from '../formats/bytes.js'
import type { GenerationParams } from '../formats/generation.js'
import { pinGpu } from './class/selected-gpu.js'
import { EngineError } from './errors.js'
import type { ModelDescriptor } from './model/descriptor.js'
import { type Model, readModel } from './model/model.js'
import type {
  Device,
  Generated,
  GenerationHooks,
  Generator,
  StepRecomputer,
} from './pipeline/generator.js'
import { validateParams } from './pipeline/params.js'
import { type OpenedStep, type RecomputedStep, stateSize } from './pipeline/recompute-step.js'
import { cancelledError, throwIfCancelled } from './runtime/cancellation.js'
import { setNativeEnvironment } from './runtime/native-environment.js'
import { NativeGate } from './runtime/native-gate.js'
import {
  type FromThread,
  fromPlainError,
  type ThreadData,
  type ToThread,
} from './thread/messages.js'

const THREAD = isCompiled
  ? new URL('./thread/engine-thread.js', import.meta.url)
  : new URL('./thread/engine-thread-entry.mjs', import.meta.url)

export interface OpenEngineOptions {
  /** A folder in the diffusers/ONNX layout. */
  modelDir: string
  device: Device
}

export type Engine = Generator & StepRecomputer

/**
 * Loads a model in a thread of its own, and generates its known answers there: they name its determinism
 * class. An idle generator does not keep the process alive.
 * @throws EngineError `model_missing`, `model_invalid`, `unsupported_model`, `runtime_missing`, `cuda_missing`, `gpu_missing`, `gpu_ambiguous`
 */
export async function openEngine({ modelDir, device }: OpenEngineOptions): Promise<Engine> {
  setNativeEnvironment(device)
  if (device === 'cuda') await pinGpu()
  const model = await readModel(modelDir)
  const gate = new NativeGate()
  const worker = new Worker(THREAD, {
    execArgv: [],
    workerData: { model, device, gate: gate.shared } satisfies ThreadData,
  })
  const thread = new EngineThread(worker, gate)
  try {
    const opened = await thread.ask<Opened>((message, resolve) => {
      if (message.type === 'opened') resolve(message)
    })
    return new ThreadedGenerator(thread, device, model, opened)
  } catch (error) {
    await thread.exited()
    throw error
  }
}

type Opened = Extract<FromThread, { type: 'opened' }>

/** Turns the thread's messages into promises, one question at a time. */
class EngineThread {
  readonly #worker: Worker
  #hear: (message: FromThread) => void = () => {}
  #fail: (error: Error) => void = () => {}
  #ended: EngineError | null = null

  constructor(worker: Worker, gate: NativeGate) {
    this.#worker = worker
    const shut = () => gate.shut()
    process.once('exit', shut)
    worker.once('exit', () => process.removeListener('exit', shut))
    worker.on('message', (message: FromThread) => this.#hear(message))
    worker.on('error', (cause) => this.#end(cause))
    worker.on('exit', () => this.#end(undefined))
  }

  send(message: ToThread): void {
    this.#worker.postMessage(message)
  }

  /** Listens until `answer` resolves, the thread reports a failure, or the thread ends. */
  async ask<T>(
    answer: (message: FromThread, resolve: (value: T) => void) => void,
    question?: ToThread,
  ): Promise<T> {
    if (this.#ended !== null) throw this.#ended
    this.#worker.ref()
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
      this.#worker.unref()
    }
  }

  async exited(): Promise<void> {
    if (this.#ended !== null) return
    this.#worker.ref()
    await once(this.#worker, 'exit')
  }

  #end(cause: unknown): void {
    this.#ended ??= new EngineError('engine_failed', "The engine's thread has ended.", {
      hint: 'Open the model again; if it ends again, check the free memory.',
      ...(cause !== undefined && { cause }),
    })
    this.#fail(this.#ended)
  }
}

class ThreadedGenerator implements Engine {
  readonly modelRoot: Hex
  readonly determinismClass: string
  readonly software: Readonly<Record<string, string>>
  readonly descriptor: ModelDescriptor | null
  readonly device: Device
  readonly #model: { channels: number; scale: number }
  readonly #thread: EngineThread
  /** The thread generates one video at a time. */
  readonly #mutex = new Mutex()
  readonly #running = new Set<AbortController>()
  #closed = false

  constructor(thread: EngineThread, device: Device, model: Model, opened: Opened) {
    this.#thread = thread
    this.#model = model.config
    this.device = device
    this.modelRoot = model.files.root
    this.determinismClass = opened.determinismClass
    this.software = opened.software
    this.descriptor = model.config.descriptor
  }

  async generate(params: GenerationParams, hooks: GenerationHooks = {}): Promise<Generated> {
    validateParams(params, this.#model)
    return this.#inTurn(hooks.signal, (run) => this.#run(params, hooks, run))
  }

  async recomputeStep(
    params: GenerationParams,
    opened: OpenedStep,
    { signal }: Pick<GenerationHooks, 'signal'> = {},
  ): Promise<RecomputedStep> {
    // The thread checks too; here a bad request is rejected before its turn comes.
    validateParams(params, this.#model)
    return this.#ask({ type: 'recompute', params, opened }, signal, (message) =>
      message.type === 'recomputed' ? message.recomputed : null,
    )
  }

  classNow({ signal }: Pick<GenerationHooks, 'signal'> = {}): Promise<string> {
    return this.#ask({ type: 'class' }, signal, (message) =>
      message.type === 'class' ? message.determinismClass : null,
    )
  }

  /** Asks the thread, in turn, for what it answers once. @param read null for any other message */
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

  stateSize(params: GenerationParams, i: number): number {
    return stateSize(params, this.#model, i)
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
    // What a hook threw stops the thread's work and is what the caller gets.
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
              void call(() => hooks.onState?.(message.i, message.latents, message.x0), message.id)
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
