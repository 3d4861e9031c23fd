import { z } from 'zod'
import { EngineError } from '../errors.js'
import { type ModelDescriptor, parseDescriptor } from './descriptor.js'
import { bytesOf, type ModelFiles } from './model-files.js'
import { parseModelJson } from './model-json.js'

export interface TokenizerConfig {
  /** Tokens the text encoder reads. */
  length: number
  endToken: string
  padToken: string
  /** tokenizer_config.json and tokenizer.json, for the tokenizer itself. */
  config: object
  tokenizer: Readonly<Record<string, unknown>>
}

/** A noise schedule, as the model was trained with. */
export interface SchedulerConfig {
  trainSteps: number
  betaStart: number
  betaEnd: number
  betaSchedule: 'linear' | 'scaled_linear'
}

/** What the pipeline has to know of a model, from its config files. */
export interface ModelConfig {
  tokenizer: TokenizerConfig
  scheduler: SchedulerConfig
  /** Of the latents. */
  channels: number
  /** Pixels per latent cell, in each direction. */
  scale: number
  /** Latents are divided by it before decoding. */
  scalingFactor: number
  descriptor: ModelDescriptor | null
}

const PIPELINE = {
  scheduler: 'DPMSolverMultistepScheduler',
  text_encoder: 'CLIPTextModel',
  tokenizer: 'CLIPTokenizer',
  unet: 'UNet3DConditionModel',
  vae: 'AutoencoderKL',
}

const NETWORKS = ['text_encoder', 'unet', 'vae_decoder']

const indexSchema = z.looseObject({ _class_name: z.string() })
const partSchema = z.tuple([z.string(), z.string()])
const tokenSchema = z.union([
  z.string(),
  z.looseObject({ content: z.string() }).transform((token) => token.content),
])
const tokenizerSchema = z.looseObject({
  model_max_length: z.int().min(3).max(4096),
  eos_token: tokenSchema,
  pad_token: tokenSchema.nullish(),
})
const unetSchema = z.looseObject({
  in_channels: z.int().positive(),
  out_channels: z.int().positive(),
})
const vaeSchema = z.looseObject({
  latent_channels: z.int().positive(),
  out_channels: z.literal(3),
  block_out_channels: z.array(z.int()).min(1).max(8),
  scaling_factor: z.number().positive(),
  shift_factor: z.literal(0).nullish(),
  latents_mean: z.null().optional(),
  latents_std: z.null().optional(),
})
const off = z.literal(false).default(false)
/** Every option that would change the arithmetic has to be the one that is implemented and tested. */
const schedulerSchema = z.looseObject({
  algorithm_type: z.literal('dpmsolver++'),
  solver_order: z.literal(2),
  solver_type: z.literal('midpoint'),
  prediction_type: z.literal('epsilon'),
  timestep_spacing: z.literal('linspace'),
  final_sigmas_type: z.literal('zero'),
  lower_order_final: z.literal(true),
  num_train_timesteps: z.int().min(2).max(100_000),
  beta_start: z.number().positive(),
  beta_end: z.number().positive().lt(1),
  beta_schedule: z.enum(['linear', 'scaled_linear']),
  // JSON has no such number; null is what `NaN` becomes.
  lambda_min_clipped: z
    .unknown()
    .refine((v) => v === undefined || v === Number.NEGATIVE_INFINITY, 'expected -Infinity'),
  trained_betas: z.null().optional(),
  variance_type: z.null().optional(),
  thresholding: off,
  euler_at_final: off,
  rescale_betas_zero_snr: off,
  use_beta_sigmas: off,
  use_exponential_sigmas: off,
  use_flow_sigmas: off,
  use_karras_sigmas: off,
  use_lu_lambdas: off,
})

/** @throws EngineError `model_invalid`, `unsupported_model` */
export function readModelConfig(files: ModelFiles): ModelConfig {
  const index = read(files, 'model_index.json', indexSchema, 'model_invalid')
  if (index._class_name !== 'TextToVideoSDPipeline') {
    throw unsupported('pipeline', index._class_name, 'TextToVideoSDPipeline')
  }
  for (const [part, expected] of Object.entries(PIPELINE)) {
    const found = partSchema.safeParse(index[part])
    const name = found.success ? found.data[1] : 'nothing'
    if (name !== expected) throw unsupported(part, name, expected)
  }
  // Opening a network takes seconds: missing files are reported before.
  for (const folder of NETWORKS) bytesOf(files, `${folder}/model.onnx`)
  const tokenizer = read(files, 'tokenizer/tokenizer_config.json', tokenizerSchema, 'model_invalid')
  const unet = read(files, 'unet/config.json', unetSchema, 'unsupported_model')
  const vae = read(files, 'vae_decoder/config.json', vaeSchema, 'unsupported_model')
  const scheduler = read(
    files,
    'scheduler/scheduler_config.json',
    schedulerSchema,
    'unsupported_model',
  )
  if (unet.in_channels !== vae.latent_channels || unet.out_channels !== vae.latent_channels) {
    throw new EngineError(
      'model_invalid',
      `unet/config.json has ${unet.in_channels} channels, vae_decoder/config.json has ${vae.latent_channels}.`,
      { hint: 'The two are of different models: fetch the model folder again.' },
    )
  }
  return {
    tokenizer: {
      length: tokenizer.model_max_length,
      endToken: tokenizer.eos_token,
      padToken: tokenizer.pad_token ?? tokenizer.eos_token,
      config: tokenizer,
      tokenizer: read(files, 'tokenizer/tokenizer.json', z.looseObject({}), 'model_invalid'),
    },
    scheduler: {
      trainSteps: scheduler.num_train_timesteps,
      betaStart: scheduler.beta_start,
      betaEnd: scheduler.beta_end,
      betaSchedule: scheduler.beta_schedule,
    },
    channels: vae.latent_channels,
    scale: 2 ** (vae.block_out_channels.length - 1),
    scalingFactor: vae.scaling_factor,
    descriptor: files.bytes.has('fractal.json')
      ? parseDescriptor(readJson(files, 'fractal.json'))
      : null,
  }
}

/** @throws EngineError `model_invalid` for what is missing, too large or not JSON */
function readJson(files: ModelFiles, file: string): unknown {
  const bytes = bytesOf(files, file)
  if (bytes === null) throw new EngineError('model_invalid', `${file} is far too large for JSON.`)
  return parseModelJson(file, bytes)
}

function read<T>(
  files: ModelFiles,
  file: string,
  schema: z.ZodType<T>,
  code: 'model_invalid' | 'unsupported_model',
): T {
  const parsed = schema.safeParse(readJson(files, file))
  if (parsed.success) return parsed.data
  throw new EngineError(code, `${file}: ${z.prettifyError(parsed.error)}`, {
    hint: 'The engine runs text-to-video pipelines of the class TextToVideoSDPipeline with DPM-Solver++ 2M.',
  })
}

function unsupported(part: string, found: string, expected: string): EngineError {
  return new EngineError(
    'unsupported_model',
    `model_index.json names ${found} as ${part}; this engine runs ${expected}.`,
    { hint: 'Export a text-to-video-ms-1.7b class model to ONNX, or use the embedded one.' },
  )
}
