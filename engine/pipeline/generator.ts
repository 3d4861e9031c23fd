import type { Hex } from '../../formats/bytes.js'
import type { GenerationParams } from '../../formats/generation.js'
import type { WorkShape } from '../../formats/video-shape.js'
import type { ModelDescriptor } from '../model/descriptor.js'
import type { OpenedStep, RecomputedStep } from './recompute-step.js'

export type Device = 'cpu' | 'cuda'

/** `prompt_truncated`: the prompt or the negative prompt was truncated to the tokenizer's length. */
export type GenerationWarning = 'prompt_truncated'

/** Hooks may be async: the generation waits for them, so a slow consumer slows it down. */
export interface GenerationHooks {
  /** Checked before each denoising step and each frame, and while waiting for the generator. */
  signal?: AbortSignal
  /** Called before the first step. */
  onWarning?(warning: GenerationWarning): void
  /** After step 1 … steps. */
  onProgress?(step: number, steps: number): void
  /** @param index 1-based @param rgb height × width × RGB bytes, owned by the hook */
  onFrame?(index: number, rgb: Uint8Array): void | Promise<void>
  /**
   * The state with digest d_i: i = 0 is the initial latents, i = steps the final ones.
   * @param tensors the latents, [1, C, F, h, w], C-contiguous, then the solver's tensors of the same size;
   * copies owned by the hook
   */
  onState?(i: number, tensors: readonly Float32Array[]): void | Promise<void>
}

export interface GenerationTimings {
  /** Microseconds of tokenising and text encoding. */
  text_us: number
  denoise_us: number
  decode_us: number
  /** From the start of the work (without waiting for the generator) to the last frame. */
  total_us: number
}

export interface Generated {
  framesSha256: Hex
  traceRoot: Hex
  /** d_0 … d_steps. */
  stepDigests: Hex[]
  /** f_1 … f_frames. */
  frameDigests: Hex[]
  warnings: GenerationWarning[]
  timings: GenerationTimings
}

/** A loaded model. Generations are queued: only one denoises at a time, which limits memory. */
export interface Generator {
  readonly modelRoot: Hex
  /** The class when the model was opened. */
  readonly determinismClass: string
  /**
   * Versions and build ids of the computing software, for information: they explain differences, but are not
   * part of the class.
   */
  readonly software: Readonly<Record<string, string>>
  /** null if the model folder has no fractal.json. */
  readonly descriptor: ModelDescriptor | null
  readonly device: Device
  /** @throws EngineError */
  generate(params: GenerationParams, hooks?: GenerationHooks): Promise<Generated>
  /** The class according to the known answers, generated now. @throws EngineError */
  classNow(hooks?: Pick<GenerationHooks, 'signal'>): Promise<string>
  /** Ends what is running (as cancelled) and frees the model. */
  close(): Promise<void>
}

/** What a verifier's engine does in addition to generating. */
export interface StepRecomputer {
  /**
   * Recomputes one step and one frame of a generation from its opened states, for a spot check.
   * @throws EngineError
   */
  recomputeStep(
    params: GenerationParams,
    opened: OpenedStep,
    hooks?: Pick<GenerationHooks, 'signal'>,
  ): Promise<RecomputedStep>
  /** Number of float32 values in state i of a generation. */
  stateSize(params: WorkShape, i: number): number
}
