import type { Hex } from '../../formats/bytes.js'
import type { GenerationParams } from '../../formats/generation.js'
import { EngineError } from '../errors.js'
import type { ModelShape } from '../model/model-shape.js'
import { stateSize } from './states.js'

/**
 * One step of a generation as opened by its prover: the state that it starts from, and the final latents for
 * decoding frames.
 */
export interface OpenedStep {
  /** 1 … steps. */
  step: number
  /** 1 … frames. */
  frame: number
  /** State step − 1: the latents, then the solver's other tensors. */
  before: Float32Array
  finalLatents: Float32Array
}

/** What the engine recomputes from an opened step; the prover's digests must be the same. */
export interface RecomputedStep {
  /** d_0, from the seed's noise. */
  initialDigest: Hex
  /** d_step, from the state before. */
  stateDigest: Hex
  /** The state with `stateDigest`: latents, then the solver's other tensors. */
  state: Float32Array
  /** How much the solver magnifies the denoiser's prediction in this step. */
  noiseScale: number
  /** f_frame, decoded from the final latents. */
  frameDigest: Hex
  /** The frame with `frameDigest`: height × width × RGB bytes. */
  rgb: Uint8Array
  /** From the first network run to the last. */
  elapsedUs: number
}

/**
 * @throws EngineError `invalid_request` for a step or frame that the request does not have, or states of the
 * wrong size
 */
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
