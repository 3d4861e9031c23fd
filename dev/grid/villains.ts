import { createHash } from 'node:crypto'
import type { Generated, GenerationHooks, Generator } from '../../engine/pipeline/generator.js'
import { fromHex } from '../../formats/bytes.js'
import { SEED_MAX } from '../../formats/generation.js'
import { traceRoot } from '../../formats/trace.js'

/** A prover that cheats, by what stands in place of its engine's generator. */
export type Villain = (engine: Generator) => Generator

/** Runs a third of the steps, and claims all of them. */
const fewerSteps: Villain = (engine) =>
  cheating(engine, async (params, hooks) => {
    const steps = Math.max(1, Math.floor(params.steps / 3))
    const generated = await engine.generate(
      { ...params, steps },
      {
        ...hooks,
        onProgress: (step) =>
          hooks.onProgress?.(Math.ceil((step * params.steps) / steps), params.steps),
      },
    )
    return padTrace(generated, params.steps)
  })

/** Ignores the seed it was given: a user would hardly notice. */
const ignoresSeed: Villain = (engine) =>
  cheating(engine, (params, hooks) =>
    engine.generate({ ...params, seed: (params.seed + 1) % (SEED_MAX + 1) }, hooks),
  )

/** The demo's villains by name. The verifier has no code that knows them. */
export const VILLAINS: Record<string, Villain> = {
  'fewer-steps': fewerSteps,
  'ignores-seed': ignoresSeed,
}

function cheating(
  engine: Generator,
  generate: (
    params: Parameters<Generator['generate']>[0],
    hooks: GenerationHooks,
  ) => Promise<Generated>,
): Generator {
  return {
    modelRoot: engine.modelRoot,
    determinismClass: engine.determinismClass,
    software: engine.software,
    descriptor: engine.descriptor,
    device: engine.device,
    generate: (params, hooks = {}) => generate(params, hooks),
    classNow: (hooks) => engine.classNow(hooks),
    close: () => engine.close(),
  }
}

/** Invents the digests of the steps that were not run, so that the trace has the length that was asked for. */
function padTrace(generated: Generated, steps: number): Generated {
  const stepDigests = [...generated.stepDigests]
  while (stepDigests.length < steps + 1) {
    const invented = createHash('sha256').update(stepDigests.at(-2)!).digest('hex')
    stepDigests.splice(-1, 0, invented)
  }
  return {
    ...generated,
    stepDigests,
    traceRoot: traceRoot(stepDigests.map(fromHex), generated.frameDigests.map(fromHex)),
  }
}
