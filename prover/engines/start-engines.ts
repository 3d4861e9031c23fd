import type { Log } from '../../base/log.js'
import { visibleGpus } from '../../engine/class/selected-gpu.js'
import { openEngine } from '../../engine/engine.js'
import type { Device, Generator } from '../../engine/pipeline/generator.js'
import { openEngineProcess } from '../../engine/process/open-engine-process.js'
import { connectEngine } from '../../engine/server/connect-engine.js'
import { EngineWorker } from './engine-worker.js'
import { assertAlike, type ProverEngine } from './prover-engine.js'

/** Used as the process id of a process on another machine. */
const SERVER = 0

export interface StartEnginesOptions {
  modelDir: string
  device: Device
  /** Number of GPUs, with one process each; with `cpu`, the number of processes, for development. */
  count: number
  /**
   * Model servers to use instead of this machine's GPUs: http://HOST:PORT; one that is listed twice gets two
   * requests at a time.
   */
  endpoints?: readonly string[]
  log: Log
  /** Replaces each engine's generator; for the demo's villains. */
  replace?: (engine: Generator) => Generator
  /** Pause before a process is restarted; for tests. */
  firstPauseMs?: number
}

/**
 * Loads the model once per GPU, each in its own process, so that a crash costs one generation and not the
 * prover. A single engine on the CPU stays in this process.
 * @throws EngineError `gpu_missing` if there are fewer GPUs; what openEngine and connectEngine throw
 * @throws FractalError `workers_differ`
 */
export async function startEngines(options: StartEnginesOptions): Promise<ProverEngine[]> {
  const { modelDir, device, count, endpoints, replace = (engine) => engine } = options
  if (endpoints !== undefined) {
    return startAll(endpoints.length, options, async (i, onEnd) => {
      const engine = await connectEngine({ url: endpoints[i]!, onEnd })
      return { engine: replace(engine), pid: SERVER }
    })
  }
  if (device === 'cpu' && count === 1) return [replace(await openEngine({ modelDir, device }))]
  const gpus = device === 'cuda' ? await visibleGpus(count) : []
  return startAll(count, options, async (i, onEnd) => {
    const opened = await openEngineProcess({ modelDir, device, gpu: gpus[i], onEnd })
    return { ...opened, engine: replace(opened.engine) }
  })
}

async function startAll(
  count: number,
  { log, firstPauseMs }: Pick<StartEnginesOptions, 'log' | 'firstPauseMs'>,
  open: (i: number, onEnd: () => void) => Promise<{ engine: Generator; pid: number }>,
): Promise<ProverEngine[]> {
  const started = await Promise.allSettled(
    Array.from({ length: count }, (_, i) =>
      EngineWorker.start({ worker: i + 1, log, firstPauseMs, open: (onEnd) => open(i, onEnd) }),
    ),
  )
  const workers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const [failure] = started.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  try {
    if (failure !== undefined) throw failure
    assertAlike(workers)
    return workers
  } catch (error) {
    await Promise.allSettled(workers.map((worker) => worker.close()))
    throw error
  }
}
