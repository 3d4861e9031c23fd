import type { Tensor } from 'onnxruntime-node'
import type { Networks } from '../runtime/networks.js'
import type { Runtime } from '../runtime/runtime.js'
import { type SolverStep, solverStep } from './dpm-solver.js'

const f = Math.fround

/** What stays the same in all denoising steps of a video. */
export interface Conditioning {
  /** [2, length, width]: the negative prompt's embedding, then the prompt's. */
  embeddings: Tensor
  /** As a number: 3 is guidance 3. 1 and below: none. */
  guidance: number
  /** [1, C, F, h, w] */
  shape: readonly [1, number, number, number, number]
}

export interface DenoiseState {
  latents: Float32Array
  /** null before the first step. */
  x0: Float32Array | null
}

/**
 * One denoising step: the denoiser on the batch (unconditional, conditional), guidance, the solver.
 * The batch is of two whatever the guidance, since on a GPU its size changes bits.
 * @throws EngineError `out_of_memory`, `engine_failed`
 */
export async function denoiseStep(
  { Tensor }: Runtime,
  networks: Networks,
  conditioning: Conditioning,
  step: SolverStep,
  state: DenoiseState,
): Promise<{ latents: Float32Array; x0: Float32Array }> {
  const size = state.latents.length
  const pair = new Float32Array(2 * size)
  pair.set(state.latents)
  pair.set(state.latents, size)
  const predicted = await networks.denoiser.run({
    sample: new Tensor('float32', pair, [2, ...conditioning.shape.slice(1)]),
    timestep: new Tensor('int64', BigInt64Array.of(BigInt(step.timestep)), []),
    encoder_hidden_states: conditioning.embeddings,
  })
  return solverStep(step, state.latents, guide(predicted, conditioning.guidance), state.x0)
}

/** Classifier-free guidance (Ho and Salimans 2022), in float32 as torch computes it. */
function guide(predicted: Float32Array, guidance: number): Float32Array {
  const size = predicted.length / 2
  if (guidance <= 1) return predicted.subarray(size)
  const scale = f(guidance)
  const noise = new Float32Array(size)
  for (let i = 0; i < size; i++) {
    const without = predicted[i]!
    noise[i] = f(without + f(scale * f(predicted[size + i]! - without)))
  }
  return noise
}
