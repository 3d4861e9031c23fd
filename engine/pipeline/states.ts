import { type Hex, toHex } from '../../formats/bytes.js'
import type { GenerationParams } from '../../formats/generation.js'
import type { VideoShape } from '../../formats/video-shape.js'
import type { LatentShape, ModelShape } from '../model/model-shape.js'
import type { SolverState } from '../schedulers/scheduler.js'
import { digestOf } from './digest.js'

/** Shape [1, C, F, h, w] of a request's latents. */
export function latentShape(
  { width, height, frames }: Pick<VideoShape, 'width' | 'height' | 'frames'>,
  { channels, scale, framesEvery }: Pick<ModelShape, 'channels' | 'scale' | 'framesEvery'>,
): LatentShape {
  return [1, channels, (frames - 1) / framesEvery + 1, height / scale, width / scale]
}

/**
 * Number of float32 values in state i of a generation: its latents, and as many for each tensor that its
 * solver keeps there.
 */
export function stateSize(
  params: Pick<GenerationParams, 'steps' | 'width' | 'height' | 'frames'>,
  shape: Pick<ModelShape, 'channels' | 'scale' | 'framesEvery' | 'kept'>,
  i: number,
): number {
  const latents = latentShape(params, shape).reduce((product, side) => product * side, 1)
  return latents * (1 + keptIn(shape.kept, params.steps, i))
}

/** The initial noise and the final latents come without other tensors. */
function keptIn(kept: readonly number[], steps: number, i: number): number {
  return i === 0 || i === steps ? 0 : kept[Math.min(i, kept.length) - 1]!
}

/** Splits a state's values into its tensors. @param latents number of values in each tensor */
export function splitState(state: Float32Array, latents: number): SolverState {
  const kept: Float32Array[] = []
  for (let at = latents; at < state.length; at += latents) {
    kept.push(state.subarray(at, at + latents))
  }
  return [state.subarray(0, latents), ...kept]
}

/** A state's digest, and its tensors as one array. */
export function joinState(tensors: readonly Float32Array[]): { state: Float32Array; digest: Hex } {
  const state = new Float32Array(tensors.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const tensor of tensors) {
    state.set(tensor, at)
    at += tensor.length
  }
  return { state, digest: toHex(digestOf(state)) }
}
