/**
 * The state of a generation between two steps: the latents, then the other tensors that the next step reads,
 * in the order in which they are hashed. After the last step, only the latents.
 */
export type SolverState = readonly [latents: Float32Array, ...kept: Float32Array[]]

/** One denoising step. */
export interface SolverStep {
  /** The denoiser's input. */
  readonly timestep: number
  /** How much the step magnifies the denoiser's prediction. */
  readonly noiseScale: number
  /**
   * @param prediction of the denoiser for the state's latents, with guidance applied
   * @returns new arrays, or the state's own, unchanged
   */
  next(state: SolverState, prediction: Float32Array): SolverState
}

/** A noise schedule and its solver. Every operation is rounded to float32 as in torch. */
export interface Scheduler {
  /**
   * Number of tensors kept in addition to the latents after step 1, 2 …; the last entry applies to all later
   * steps except the last.
   */
  readonly kept: readonly number[]
  /** @param count 1 … 1000 */
  steps(count: number): readonly SolverStep[]
}
