import type { Hex } from '../../formats/bytes.js'
import { type GenerationParams, workOf } from '../../formats/generation.js'
import { pixelsOf } from '../../formats/video-shape.js'
import { spotCheckUsPerPixel } from '../../rules/plan/spot-checks.js'
import { usPerWork } from '../../rules/settle/speed.js'
import type { ModelDescriptor } from '../model/descriptor.js'
import type { GenerationHooks, Generator, StepRecomputer } from '../pipeline/generator.js'
import { completeParams } from '../pipeline/params.js'
import { joinState } from '../pipeline/recompute-step.js'

/** What one certifying generation gave. */
export interface CertifyRun {
  determinismClass: string
  modelRoot: Hex
  framesSha256: Hex
  traceRoot: Hex
  /** floor(µs · 10^6 / work). */
  usPerWork: number
  /** Of a step computed again: floor(µs · 10^6 / (frames · width · height)). */
  spotCheckUsPerPixel: number
  /** Whether that step and frame came out as in the generation. */
  spotCheckOk: boolean
}

/** For a folder without fractal.json: small, and enough steps to run every branch of the solver. */
const WITHOUT_DESCRIPTOR = { steps: 4, guidance: 7.5, width: 64, height: 64, frames: 16, fps: 8 }

/** The request whose answer is known: the model's standard form of a fixed prompt and seed. */
export function certifyParams(descriptor: ModelDescriptor | null): GenerationParams {
  return completeParams(
    {
      prompt: 'a red circle moves right on a blue background',
      seed: 20_261_122,
      ...(descriptor === null && WITHOUT_DESCRIPTOR),
    },
    descriptor,
  )
}

interface Certified extends Pick<Generator, 'generate'>, Pick<StepRecomputer, 'recomputeStep'> {
  determinismClass: string
  modelRoot: Hex
}

/**
 * One certifying run: a generation, and a spot check of the step in its middle.
 * @throws EngineError
 */
export async function certifyRun(
  model: Certified,
  params: GenerationParams,
  hooks: Pick<GenerationHooks, 'signal'> = {},
): Promise<CertifyRun> {
  const step = Math.ceil(params.steps / 2)
  const states = new Map<number, Float32Array>()
  const generated = await model.generate(params, {
    ...hooks,
    onState: (i, latents, x0) => {
      if (i === step - 1 || i === params.steps) states.set(i, joinState(latents, x0).state)
    },
  })
  const opened = {
    step,
    frame: params.frames,
    before: states.get(step - 1)!,
    finalLatents: states.get(params.steps)!,
  }
  const again = await model.recomputeStep(params, opened, hooks)
  return {
    determinismClass: model.determinismClass,
    modelRoot: model.modelRoot,
    framesSha256: generated.framesSha256,
    traceRoot: generated.traceRoot,
    usPerWork: usPerWork(generated.timings.total_us, workOf(params)),
    spotCheckUsPerPixel: spotCheckUsPerPixel(again.elapsedUs, pixelsOf(params)),
    spotCheckOk:
      again.initialDigest === generated.stepDigests[0] &&
      again.stateDigest === generated.stepDigests[step] &&
      again.frameDigest === generated.frameDigests.at(-1),
  }
}
