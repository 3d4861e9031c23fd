import { Worker } from 'node:worker_threads'
import { isCompiled } from '../base/compiled.js'
import { readModel } from './model/model.js'
import type { Device, Generator, StepRecomputer } from './pipeline/generator.js'
import { openEngineProcess } from './process/open-engine-process.js'
import { setNativeEnvironment } from './runtime/native-environment.js'
import { NativeGate } from './runtime/native-gate.js'
import { Dialogue, type EnginePort } from './thread/dialogue.js'
import type { ThreadData } from './thread/messages.js'
import { RemoteEngine } from './thread/remote-engine.js'

const THREAD = isCompiled
  ? new URL('./thread/engine-thread.js', import.meta.url)
  : new URL('./thread/engine-thread-entry.mjs', import.meta.url)

export interface OpenEngineOptions {
  /** A folder in the diffusers/ONNX layout. */
  modelDir: string
  device: Device
  /** Called once when the thread or process that holds the model has ended, before what it was asked fails. */
  onEnd?: () => void
}

export interface Engine extends Generator, StepRecomputer {
  /** Of the thread or process that holds the model: two engines with one instance are one. */
  readonly instance: string
}

/**
 * Loads a model in its own thread or, for a GPU, in its own process: only a new process finds the downloaded
 * libraries, and it frees the GPU's memory when it ends. The known answers are generated there, because they
 * determine the determinism class. An idle generator does not keep this process alive.
 * @throws EngineError `model_missing`, `model_invalid`, `unsupported_model`, `runtime_missing`,
 * `cuda_missing`, `cudnn_missing`, `driver_too_old`, `gpu_missing`, `gpu_ambiguous`, `gpu_too_small`
 */
export async function openEngine(options: OpenEngineOptions): Promise<Engine> {
  const { modelDir, device, onEnd = () => {} } = options
  if (device === 'cuda') return (await openEngineProcess({ modelDir, device, onEnd })).engine
  setNativeEnvironment(device)
  const { files } = await readModel(modelDir)
  const gate = new NativeGate()
  const worker = new Worker(THREAD, {
    execArgv: [],
    workerData: { files, device, gate: gate.shared } satisfies ThreadData,
  })
  worker.once('exit', onEnd)
  const thread = new Dialogue(threadPort(worker, gate), 'thread')
  return new RemoteEngine(thread, device, await thread.opened())
}

function threadPort(worker: Worker, gate: NativeGate): EnginePort {
  const shut = () => gate.shut()
  process.once('exit', shut)
  worker.once('exit', () => process.removeListener('exit', shut))
  return {
    post: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.on('message', listener),
    onEnd: (listener) => {
      worker.once('error', listener)
      worker.once('exit', () => listener(undefined))
    },
    ref: () => worker.ref(),
    unref: () => worker.unref(),
  }
}
