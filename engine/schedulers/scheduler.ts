/**
 * Where a generation stands between two steps: the latents, then what the next step reads besides, in the order
 * that digests take it. After the last step the latents alone.
 */
export type SolverState = readonly [latents: Float32Array, ...kept: Float32Array[]]

/** One denoising step. */
export interface SolverStep {
  /** The denoiser's input. */
  readonly timestep: number
  /** How much the step magnifies the denoiser's prediction. */
  readonly noiseScale: number
  /**
   * @param prediction of the denoiser for the state's latents, guidance applied
   * @returns new arrays, or those of the state as they are
   */
  next(state: SolverState, prediction: Float32Array): SolverState
}

/** A noise schedule and its solver. Every operation is rounded to float32 as torch does it. */
export interface Scheduler {
  /** Tensors kept beside the latents after step 1, 2 …; the last number holds for all later steps but the last. */
  readonly kept: readonly number[]
  /** @param count 1 … 1000 */
  steps(count: number): readonly SolverStep[]
}
