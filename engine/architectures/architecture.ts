import type { GenerationParams } from '../../formats/generation.js'
import type { DescriptorTerms, ModelDescriptor } from '../model/descriptor.js'
import type { FolderBytes } from '../model/model-files.js'
import type { LatentShape, ModelShape } from '../model/model-shape.js'
import type { SizeGrid } from '../model/sizes.js'
import type { NetworkSpecs, Networks } from '../runtime/networks.js'
import type { Runtime } from '../runtime/runtime.js'
import type { Scheduler } from '../schedulers/scheduler.js'
import type { PromptTokens } from '../tokenizer/prompt-tokens.js'

/**
 * A model family: one folder next to this file, with everything that the pipeline does not know about it.
 */
export interface Architecture extends Pick<DescriptorTerms, 'denoiserBatch' | 'decodeUnit'> {
  /** `_class_name` in model_index.json. */
  readonly pipeline: string
  /**
   * The valid sizes of its videos, from vae_decoder/config.json.
   * @throws EngineError `model_invalid`, `unsupported_model`
   */
  grid(files: FolderBytes): SizeGrid
  /**
   * Checks the folder's other files; opens nothing.
   * @throws EngineError `model_invalid`, `unsupported_model`
   */
  read(files: FolderBytes): ArchitectureConfig
}

/** What an architecture reads from a folder. */
export interface ArchitectureConfig {
  /** Channels of the latents. */
  readonly channels: number
  /** Pixels per latent cell, in each direction. */
  readonly scale: number
  readonly networks: NetworkSpecs
  readonly scheduler: Scheduler
  /** @throws EngineError `model_invalid` */
  tokenizer(): Tokenizer
  parts(runtime: Runtime, networks: Networks, tokenizer: Tokenizer): ModelParts
}

/** A model, before its networks are open. */
export interface ModelConfig extends ArchitectureConfig {
  /** 2 if it runs both conditional and unconditional predictions whatever the guidance. */
  readonly denoiserBatch: Architecture['denoiserBatch']
  readonly shape: ModelShape
  readonly descriptor: ModelDescriptor | null
}

export interface Tokenizer {
  encode(text: string): PromptTokens
}

/**
 * A model with its networks opened. All methods throw EngineError `out_of_memory`, `gpu_missing`,
 * `engine_failed`.
 */
export interface ModelParts {
  readonly textEncoder: TextEncoder
  readonly denoiser: Denoiser
  readonly decoder: Decoder
}

export interface TextEncoder {
  encode(text: string): Promise<EncodedText>
}

export interface EncodedText {
  /** length × width */
  embedding: Float32Array
  /** Whether the text was truncated to the tokenizer's length. */
  truncated: boolean
}

export interface Denoiser {
  condition(video: Conditioning): Predict
}

/** Predicts for one video, guidance applied. */
export type Predict = (latents: Float32Array, timestep: number) => Promise<Float32Array>

/** What is the same in all steps of a video. */
export interface Conditioning {
  prompt: Float32Array
  /** null if not used: a denoiser with batch 1, without guidance. */
  negative: Float32Array | null
  guidanceMilli: GenerationParams['guidanceMilli']
  shape: LatentShape
}

export interface Decoder {
  /**
   * Runs the network once, on the decode unit that contains a frame.
   * @param latents the final ones
   * @param from 0-based frame index
   * @returns that frame and those after it in its unit, each height × width × RGB bytes
   */
  decode(latents: Float32Array, shape: LatentShape, from: number): Promise<Uint8Array[]>
}
