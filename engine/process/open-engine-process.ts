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
  /** `CUDA_VISIBLE_DEVICES` of the process; inherited if not given. */
  gpu?: string | undefined
  /** Called once when the process has ended, before pending calls fail. */
  onEnd(): void
}

/**
 * Loads a model in its own process, which may crash without taking this one down.
 * @throws EngineError as openEngine does
 */
export async function openEngineProcess(
  options: OpenEngineProcessOptions,
): Promise<{ engine: RemoteEngine; pid: number }> {
  const { modelDir, device, gpu } = options
  const child = fork(fileURLToPath(PROCESS), [modelDir, device, tellSums()], {
    execArgv: isCompiled ? [] : ['--import', tsxUrl()],
    // Needed for frames and states, which are typed arrays.
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
  // A message could not be sent; if the process has ended, `exit` reports that.
  child.on('error', () => {})
  return {
    // If the process has ended, `exit` reports that.
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
