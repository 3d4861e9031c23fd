import type { GenerationParams } from '../../formats/generation.js'
import type { DescriptorTerms, ModelDescriptor } from '../model/descriptor.js'
import type { FolderBytes, ModelFiles } from '../model/model-files.js'
import type { LatentShape, ModelShape } from '../model/model-shape.js'
import type { SizeGrid } from '../model/sizes.js'
import type { NetworkSpecs, Networks } from '../runtime/networks.js'
import type { Runtime } from '../runtime/runtime.js'
import type { Scheduler } from '../schedulers/scheduler.js'
import type { PromptTokens } from '../tokenizer/prompt-tokens.js'

/** A family of models: a folder beside this file, and all that the pipeline does not know of it. */
export interface Architecture extends Pick<DescriptorTerms, 'denoiserBatch' | 'decodeUnit'> {
  /** `_class_name` in model_index.json. */
  readonly pipeline: string
  /**
   * Which sizes its videos can have, by vae_decoder/config.json.
   * @throws EngineError `model_invalid`, `unsupported_model`
   */
  grid(files: FolderBytes): SizeGrid
  /**
   * Checks the folder's other files; opens nothing.
   * @throws EngineError `model_invalid`, `unsupported_model`
   */
  read(files: ModelFiles): ArchitectureConfig
}

/** What an architecture makes of a folder. */
export interface ArchitectureConfig {
  /** Of the latents. */
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
  /** Which one runs both guided and unguided predictions whatever the guidance: 2. */
  readonly denoiserBatch: Architecture['denoiserBatch']
  readonly shape: ModelShape
  readonly descriptor: ModelDescriptor | null
}

export interface Tokenizer {
  encode(text: string): PromptTokens
}

/** A model whose networks are open. All throw EngineError `out_of_memory`, `gpu_missing`, `engine_failed`. */
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
  /** The text was cut at the tokenizer's length. */
  truncated: boolean
}

export interface Denoiser {
  condition(video: Conditioning): Predict
}

/** Predicts for one video, guidance applied. */
export type Predict = (latents: Float32Array, timestep: number) => Promise<Float32Array>

/** What stays the same in all steps of a video. */
export interface Conditioning {
  prompt: Float32Array
  /** null where it is not used: without guidance, by a denoiser whose batch is 1. */
  negative: Float32Array | null
  guidanceMilli: GenerationParams['guidanceMilli']
  shape: LatentShape
}

export interface Decoder {
  /**
   * Runs the network once, on the unit of decoding that a frame is in.
   * @param latents final
   * @param from 0-based
   * @returns that frame and those after it in its unit, each height × width × RGB bytes
   */
  decode(latents: Float32Array, shape: LatentShape, from: number): Promise<Uint8Array[]>
}
