import { type Hex, toHex } from '../../formats/bytes.js'
import type { GenerationParams } from '../../formats/generation.js'
import { EngineError } from '../errors.js'
import type { ModelConfig } from '../model/model-config.js'
import { digestOf } from './digest.js'
import { latentShape } from './params.js'

/** One step of a generation as its prover opened it: what the step starts from, and what frames are decoded from. */
export interface OpenedStep {
  /** 1 … steps. */
  step: number
  /** 1 … frames. */
  frame: number
  /** State step − 1: the latents, then the solver's kept data prediction unless it is state 0. */
  before: Float32Array
  finalLatents: Float32Array
}

/** What the engine makes of an opened step; the prover's digests have to be the same. */
export interface RecomputedStep {
  /** d_0, of the seed's own noise. */
  initialDigest: Hex
  /** d_step, from the state before. */
  stateDigest: Hex
  /** What `stateDigest` is of: latents, then the data prediction unless it is the last state. */
  state: Float32Array
  /** How much the solver magnifies the denoiser's prediction in this step: sigma / alpha. */
  noiseScale: number
  /** f_frame, decoded from the final latents. */
  frameDigest: Hex
  /** What `frameDigest` is of: height × width × RGB bytes. */
  rgb: Uint8Array
  /** From the first network's run to the last. */
  elapsedUs: number
}

/** Float32 values in state i of a generation: its latents, and as many again for the data prediction. */
export function stateSize(
  params: Pick<GenerationParams, 'steps' | 'width' | 'height' | 'frames'>,
  config: Pick<ModelConfig, 'channels' | 'scale'>,
  i: number,
): number {
  const latents = latentShape(params, config).reduce((product, side) => product * side, 1)
  return i > 0 && i < params.steps ? 2 * latents : latents
}

/** @throws EngineError `invalid_request` for a step or frame that the request has not, and states of another size */
export function assertOpenedStep(
  params: GenerationParams,
  config: ModelConfig,
  { step, frame, before, finalLatents }: OpenedStep,
): void {
  const sound =
    Number.isInteger(step) &&
    step >= 1 &&
    step <= params.steps &&
    Number.isInteger(frame) &&
    frame >= 1 &&
    frame <= params.frames &&
    before.length === stateSize(params, config, step - 1) &&
    finalLatents.length === stateSize(params, config, params.steps)
  if (!sound) {
    throw new EngineError(
      'invalid_request',
      `Step ${step} and frame ${frame}, opened with ${before.length} and ${finalLatents.length} values, are not of a request of ${params.steps} steps and ${params.frames} frames.`,
      { hint: 'Check sizes before a step is recomputed.' },
    )
  }
}

/** Splits state i into latents and data prediction; the latter is null in the first and the last state. */
export function splitState(state: Float32Array, latents: number) {
  return {
    latents: state.subarray(0, latents),
    x0: state.length > latents ? state.subarray(latents) : null,
  }
}

/** The digest of a state given in parts, and the state as one array. */
export function joinState(latents: Float32Array, x0: Float32Array | null) {
  const state = new Float32Array(latents.length + (x0?.length ?? 0))
  state.set(latents)
  if (x0 !== null) state.set(x0, latents.length)
  return { state, digest: toHex(digestOf(state)) }
}
