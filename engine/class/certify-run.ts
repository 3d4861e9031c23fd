import type { Hex } from '../../formats/bytes.js'
import { type GenerationParams, workOf } from '../../formats/generation.js'
import { usPerWork } from '../../rules/settle/speed.js'
import type { ModelDescriptor } from '../model/descriptor.js'
import type { Generated } from '../pipeline/generator.js'
import { completeParams } from '../pipeline/params.js'

/** What one certifying generation gave. */
export interface CertifyRun {
  determinismClass: string
  modelRoot: Hex
  framesSha256: Hex
  traceRoot: Hex
  /** floor(µs · 10^6 / work). */
  usPerWork: number
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

export function certifyRun(
  model: { determinismClass: string; modelRoot: Hex },
  params: GenerationParams,
  generated: Generated,
): CertifyRun {
  return {
    determinismClass: model.determinismClass,
    modelRoot: model.modelRoot,
    framesSha256: generated.framesSha256,
    traceRoot: generated.traceRoot,
    usPerWork: usPerWork(generated.timings.total_us, workOf(params)),
  }
}
