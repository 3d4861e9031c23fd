import type { Log } from '../../base/log.js'
import { visibleGpus } from '../../engine/class/selected-gpu.js'
import { openEngine } from '../../engine/engine.js'
import type { Device, Generator } from '../../engine/pipeline/generator.js'
import { openEngineProcess } from '../../engine/process/open-engine-process.js'
import { EngineWorker } from './engine-worker.js'
import { assertAlike, type ProverEngine } from './prover-engine.js'

export interface StartEnginesOptions {
  modelDir: string
  device: Device
  /** GPUs, with a process for each; on the CPU as many processes, for development. */
  count: number
  log: Log
  /** What generates in place of each engine; for the demo's villains. */
  replace?: (engine: Generator) => Generator
  /** Before a process that ended is started again; for tests. */
  firstPauseMs?: number
}

/**
 * Loads the model once for each GPU, each in a process of its own, so that a crash takes one generation and
 * not the prover. A single engine on the CPU stays in this process.
 * @throws EngineError `gpu_missing` when there are fewer GPUs; what openEngine throws
 * @throws FractalError `workers_differ`
 */
export async function startEngines(options: StartEnginesOptions): Promise<ProverEngine[]> {
  const { modelDir, device, count, log, replace = (engine) => engine } = options
  if (device === 'cpu' && count === 1) return [replace(await openEngine({ modelDir, device }))]
  const gpus = device === 'cuda' ? await visibleGpus(count) : []
  const started = await Promise.allSettled(
    Array.from({ length: count }, (_, i) =>
      EngineWorker.start({
        ...{ worker: i + 1, log, firstPauseMs: options.firstPauseMs },
        open: async (onEnd) => {
          const opened = await openEngineProcess({ modelDir, device, gpu: gpus[i], onEnd })
          return { ...opened, engine: replace(opened.engine) }
        },
      }),
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
