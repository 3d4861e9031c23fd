import type { Hex } from '../../formats/bytes.js'
import type { GenerationParams } from '../../formats/generation.js'
import { EngineError } from '../errors.js'
import type { ModelShape } from '../model/model-shape.js'
import { stateSize } from './states.js'

/** One step of a generation as its prover opened it: what the step starts from, and what frames are decoded from. */
export interface OpenedStep {
  /** 1 … steps. */
  step: number
  /** 1 … frames. */
  frame: number
  /** State step − 1: the latents, then what the solver keeps there. */
  before: Float32Array
  finalLatents: Float32Array
}

/** What the engine makes of an opened step; the prover's digests have to be the same. */
export interface RecomputedStep {
  /** d_0, of the seed's own noise. */
  initialDigest: Hex
  /** d_step, from the state before. */
  stateDigest: Hex
  /** What `stateDigest` is of: latents, then what the solver keeps there. */
  state: Float32Array
  /** How much the solver magnifies the denoiser's prediction in this step. */
  noiseScale: number
  /** f_frame, decoded from the final latents. */
  frameDigest: Hex
  /** What `frameDigest` is of: height × width × RGB bytes. */
  rgb: Uint8Array
  /** From the first network's run to the last. */
  elapsedUs: number
}

/** @throws EngineError `invalid_request` for a step or frame that the request has not, and states of another size */
export function assertOpenedStep(
  params: GenerationParams,
  shape: ModelShape,
  { step, frame, before, finalLatents }: OpenedStep,
): void {
  const sound =
    Number.isInteger(step) &&
    step >= 1 &&
    step <= params.steps &&
    Number.isInteger(frame) &&
    frame >= 1 &&
    frame <= params.frames &&
    before.length === stateSize(params, shape, step - 1) &&
    finalLatents.length === stateSize(params, shape, params.steps)
  if (!sound) {
    throw new EngineError(
      'invalid_request',
      `Step ${step} and frame ${frame}, opened with ${before.length} and ${finalLatents.length} values, are not of a request of ${params.steps} steps and ${params.frames} frames.`,
      { hint: 'Check sizes before a step is recomputed.' },
    )
  }
}
