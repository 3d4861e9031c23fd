import { z } from 'zod'
import { EngineError } from '../../errors.js'
import { bytesOf, type FolderBytes } from '../../model/model-files.js'
import type { NetworkSpecs } from '../../runtime/networks.js'
import { UnigramTokenizer } from '../../tokenizer/unigram-tokenizer.js'
import type { Architecture, Tokenizer } from '../architecture.js'
import { assertClasses, readConfig, tokenSchema } from '../config-file.js'
import { SCALE, wanDecoder } from './decoder.js'
import { wanDenoiser } from './denoiser.js'
import { readScheduler, SCHEDULERS } from './schedulers.js'
import { wanTextEncoder } from './text-encoder.js'

const CLASSES = {
  scheduler: SCHEDULERS,
  text_encoder: ['UMT5EncoderModel'],
  tokenizer: ['T5Tokenizer', 'T5TokenizerFast'],
  transformer: ['WanTransformer3DModel'],
  vae: ['AutoencoderKLWan'],
}

const NETWORKS: NetworkSpecs = {
  text: { folder: 'text_encoder', inputs: { input_ids: 'int64', attention_mask: 'int64' } },
  denoiser: {
    folder: 'transformer',
    inputs: { hidden_states: 'float32', timestep: 'float32', encoder_hidden_states: 'float32' },
  },
  decoder: { folder: 'vae_decoder', inputs: { latent_sample: 'float32' } },
}

/** Tokens that the text encoder reads: fixed by the pipeline, whatever the tokenizer's maximum is. */
const TEXT_LENGTH = 512
/** The first latent frame gives one frame, every other one this many. */
const FRAMES_PER_LATENT = 4
/** Latent cells per transformer patch, in each direction. */
const PATCH = 2

const unset = z.null().optional()
/** Distinguishes Wan 2.2 from 2.1. */
const indexSchema = z.looseObject({
  transformer_2: z.tuple([z.null(), z.null()]).optional(),
  boundary_ratio: unset,
  expand_timesteps: z.literal(false).optional(),
})
const textEncoderSchema = z.looseObject({ d_model: z.int().positive() })
const transformerSchema = z.looseObject({
  in_channels: z.int().positive(),
  out_channels: z.int().positive(),
  text_dim: z.int().positive(),
  patch_size: z.tuple([z.literal(1), z.literal(PATCH), z.literal(PATCH)]),
  // Image conditioning.
  image_dim: unset,
  added_kv_proj_dim: unset,
})
const vaeSchema = z.looseObject({
  z_dim: z.int().positive(),
  // Each level except the first doubles the image size, and those that are true also double the frames.
  dim_mult: z.array(z.int()).length(Math.log2(SCALE) + 1),
  temperal_downsample: z.tuple([z.literal(false), z.literal(true), z.literal(true)]),
  latents_mean: z.array(z.number()),
  latents_std: z.array(z.number().positive()),
  out_channels: z.literal(3).default(3),
  scale_factor_spatial: z.literal(SCALE).default(SCALE),
  scale_factor_temporal: z.literal(FRAMES_PER_LATENT).default(FRAMES_PER_LATENT),
  is_residual: z.literal(false).default(false),
  patch_size: unset,
})
const padSchema = z.looseObject({ pad_token: tokenSchema })

/** Wan 2.1's text to video. */
export const WAN: Architecture = {
  pipeline: 'WanPipeline',
  denoiserBatch: 1,
  decodeUnit: 'video',
  grid(files) {
    readVae(files)
    return { sizeMultiple: SCALE * PATCH, framesEvery: FRAMES_PER_LATENT }
  },
  read(files) {
    assertClasses(files, CLASSES)
    readConfig(files, 'model_index.json', indexSchema, 'unsupported_model')
    // Opening a network takes seconds: missing files are reported before.
    for (const { folder } of Object.values(NETWORKS)) bytesOf(files, `${folder}/model.onnx`)
    const vae = readVae(files)
    assertFit(files, vae.z_dim)
    return {
      channels: vae.z_dim,
      scale: SCALE,
      networks: NETWORKS,
      scheduler: readScheduler(files),
      tokenizer: tokenizerOf(files),
      parts: (runtime, { text, denoiser, decoder }, tokenizer) => ({
        textEncoder: wanTextEncoder(runtime, text, tokenizer),
        denoiser: wanDenoiser(runtime, denoiser, TEXT_LENGTH),
        decoder: wanDecoder(runtime, decoder, { mean: vae.latents_mean, std: vae.latents_std }),
      }),
    }
  },
}

function readVae(files: FolderBytes) {
  const file = 'vae_decoder/config.json'
  const vae = readConfig(files, file, vaeSchema, 'unsupported_model')
  if (vae.latents_mean.length !== vae.z_dim || vae.latents_std.length !== vae.z_dim) {
    throw new EngineError(
      'model_invalid',
      `${file} has ${vae.latents_mean.length} means and ${vae.latents_std.length} deviations for ${vae.z_dim} channels.`,
      { hint: 'Fetch the model folder again.' },
    )
  }
  return vae
}

/** @throws EngineError `model_invalid` if the parts are from different models */
function assertFit(files: FolderBytes, channels: number): void {
  const schemas = { text: textEncoderSchema, transformer: transformerSchema }
  const text = readConfig(files, 'text_encoder/config.json', schemas.text, 'unsupported_model')
  const transformer = readConfig(
    files,
    'transformer/config.json',
    schemas.transformer,
    'unsupported_model',
  )
  const hint = 'The two are of different models: fetch the model folder again.'
  if (text.d_model !== transformer.text_dim) {
    throw new EngineError(
      'model_invalid',
      `text_encoder/config.json is ${text.d_model} wide, transformer/config.json reads texts that are ${transformer.text_dim} wide.`,
      { hint },
    )
  }
  if (transformer.in_channels !== channels || transformer.out_channels !== channels) {
    throw new EngineError(
      'model_invalid',
      `transformer/config.json has ${transformer.in_channels} channels, vae_decoder/config.json has ${channels}.`,
      { hint },
    )
  }
}

function tokenizerOf(files: FolderBytes): () => Tokenizer {
  const { pad_token: pad } = readConfig(
    files,
    'tokenizer/tokenizer_config.json',
    padSchema,
    'model_invalid',
  )
  const json = readConfig(files, 'tokenizer/tokenizer.json', z.looseObject({}), 'model_invalid')
  return () => {
    try {
      return new UnigramTokenizer(json, { length: TEXT_LENGTH, pad })
    } catch (cause) {
      throw new EngineError(
        'model_invalid',
        'tokenizer/tokenizer.json is not a usable tokenizer.',
        {
          hint: 'It must be a Unigram tokenizer like UMT5’s, with a normalisation table. Fetch the model folder again.',
          cause,
        },
      )
    }
  }
}
