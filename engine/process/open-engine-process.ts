import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { isCompiled } from '../../base/compiled.js'
import { tsxUrl } from '../../base/tsx-url.js'
import { environmentFor } from '../cuda/places.js'
import { learnSums, tellSums } from '../model/file-sums.js'
import type { Device } from '../pipeline/generator.js'
import { Dialogue, type EnginePort } from '../thread/dialogue.js'
import { RemoteEngine } from '../thread/remote-engine.js'

const PROCESS = isCompiled
  ? new URL('./engine-process.js', import.meta.url)
  : new URL('./engine-process.ts', import.meta.url)

export interface OpenEngineProcessOptions {
  /** A folder in the diffusers/ONNX layout. */
  modelDir: string
  device: Device
  /** `CUDA_VISIBLE_DEVICES` of the process; as this one's where there is none. */
  gpu?: string | undefined
  /** Called once when the process has ended, before what it was asked fails. */
  onEnd(): void
}

/**
 * Loads a model in a process of its own, which may crash without this one.
 * @throws EngineError as openEngine does
 */
export async function openEngineProcess(
  options: OpenEngineProcessOptions,
): Promise<{ engine: RemoteEngine; pid: number }> {
  const { modelDir, device, gpu } = options
  const child = fork(fileURLToPath(PROCESS), [modelDir, device, tellSums()], {
    execArgv: isCompiled ? [] : ['--import', tsxUrl()],
    // Frames and states are arrays of numbers.
    serialization: 'advanced',
    env: {
      ...environmentFor(device, process.env),
      ...(gpu === undefined ? {} : { CUDA_VISIBLE_DEVICES: gpu }),
    },
  })
  child.once('exit', options.onEnd)
  const dialogue = new Dialogue(processPort(child), 'process')
  const opened = await dialogue.opened()
  learnSums(opened.sums)
  const engine = new RemoteEngine(dialogue, device, opened)
  return { engine, pid: child.pid! }
}

function processPort(child: ChildProcess): EnginePort {
  // Of a message that could not be sent: its end, if it is that, says so by itself.
  child.on('error', () => {})
  return {
    // One that has ended says so by `exit`.
    post: (message) => void (child.connected && child.send(message, () => {})),
    onMessage: (listener) => child.on('message', listener),
    onEnd: (listener) => {
      child.once('error', (error) => {
        if (child.pid === undefined) listener(error)
      })
      child.once('exit', (code, signal) =>
        listener(new Error(`exit code ${code}, signal ${signal}`)),
      )
    },
    ref: () => {
      child.ref()
      child.channel?.ref()
    },
    unref: () => {
      child.unref()
      child.channel?.unref()
    },
  }
}
