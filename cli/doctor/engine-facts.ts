import { createLog } from '../../base/log.js'
import { neededByTurnsMib, neededMib } from '../../engine/cuda/gpu-memory.js'
import { openEngine } from '../../engine/engine.js'
import { readModel } from '../../engine/model/model.js'
import type { Device } from '../../engine/pipeline/generator.js'
import { startEngines } from '../../prover/engines/start-engines.js'
import { type Outcome, outcomeOf } from './probes.js'

export interface EngineFacts {
  /** `described`: it has a fractal.json, by which challenges are drawn; `needsMib`: of a GPU's memory. */
  readonly model: Outcome<{
    readonly root: string
    readonly described: boolean
    readonly needsMib: number
    readonly byTurnsMib: number
  }>
  /** The determinism class; null when there is no model to open. */
  readonly engine: Outcome<string> | null
}

/** Of this machine's engine, with the model of a folder. */
export async function ownEngine(modelDir: string, device: Device): Promise<EngineFacts> {
  const model = await outcomeOf(async () => {
    const model = await readModel(modelDir)
    return {
      root: model.files.root,
      described: model.config.descriptor !== null,
      needsMib: neededMib(model),
      byTurnsMib: neededByTurnsMib(model),
    }
  })
  const engine = 'ok' in model ? await outcomeOf(() => classOf(modelDir, device)) : null
  return { model, engine }
}

/** Of model servers, connected to as a prover does it: all of them answer, are true to what they say, and alike. */
export async function serversEngine(endpoints: readonly string[]): Promise<EngineFacts> {
  const opened = await outcomeOf(async () => {
    const log = createLog('doctor', 'silent')
    // What is of this machine is not looked at.
    const engines = await startEngines({ modelDir: '', device: 'cpu', count: 1, endpoints, log })
    const [{ modelRoot, determinismClass, descriptor }] = engines as [(typeof engines)[0]]
    await Promise.all(engines.map((engine) => engine.close()))
    return { root: modelRoot, determinismClass, described: descriptor !== null }
  })
  if ('failed' in opened) return { model: opened, engine: opened }
  const { root, described, determinismClass } = opened.ok
  return {
    model: { ok: { root, described, needsMib: 0, byTurnsMib: 0 } },
    engine: { ok: determinismClass },
  }
}

async function classOf(modelDir: string, device: Device): Promise<string> {
  const generator = await openEngine({ modelDir, device })
  await generator.close()
  return generator.determinismClass
}
