import { z } from 'zod'
import { EngineError } from '../../errors.js'
import { bytesOf } from '../../model/model-files.js'
import type { NetworkSpecs } from '../../runtime/networks.js'
import { dpmSolver } from '../../schedulers/dpm-solver.js'
import { PromptTokenizer } from '../../tokenizer/prompt-tokens.js'
import type { Architecture } from '../architecture.js'
import { assertClasses, off, readConfig, tokenSchema } from '../config-file.js'
import { msDecoder } from './decoder.js'
import { msDenoiser } from './denoiser.js'
import { msTextEncoder } from './text-encoder.js'

const CLASSES = {
  scheduler: ['DPMSolverMultistepScheduler'],
  text_encoder: ['CLIPTextModel'],
  tokenizer: ['CLIPTokenizer'],
  unet: ['UNet3DConditionModel'],
  vae: ['AutoencoderKL'],
}

const NETWORKS: NetworkSpecs = {
  text: { folder: 'text_encoder', inputs: { input_ids: 'int64' } },
  denoiser: {
    folder: 'unet',
    inputs: { sample: 'float32', timestep: 'int64', encoder_hidden_states: 'float32' },
  },
  decoder: { folder: 'vae_decoder', inputs: { latent_sample: 'float32' } },
}

const tokenizerSchema = z.looseObject({
  model_max_length: z.int().min(3).max(4096),
  eos_token: tokenSchema,
  pad_token: tokenSchema.nullish(),
})
const unetSchema = z.looseObject({
  in_channels: z.int().positive(),
  out_channels: z.int().positive(),
})
const gridSchema = z.looseObject({ block_out_channels: z.array(z.int()).min(1).max(8) })
const vaeSchema = gridSchema.extend({
  latent_channels: z.int().positive(),
  out_channels: z.literal(3),
  scaling_factor: z.number().positive(),
  shift_factor: z.literal(0).nullish(),
  latents_mean: z.null().optional(),
  latents_std: z.null().optional(),
})
/** Every option that affects the arithmetic must have the value that is implemented and tested. */
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

/** The architecture of text-to-video-ms-1.7b and of the bundled model. */
export const MS_1_7B: Architecture = {
  pipeline: 'TextToVideoSDPipeline',
  // The unconditional and the conditional half run together, one video at a time.
  denoiserBatch: 2,
  decodeUnit: 'frame',
  grid(files) {
    const vae = readConfig(files, 'vae_decoder/config.json', gridSchema, 'unsupported_model')
    return { sizeMultiple: scaleOf(vae), framesEvery: 1 }
  },
  read(files) {
    assertClasses(files, CLASSES)
    // Opening a network takes seconds, so missing files are reported first.
    for (const { folder } of Object.values(NETWORKS)) bytesOf(files, `${folder}/model.onnx`)
    const config = readConfig(
      files,
      'tokenizer/tokenizer_config.json',
      tokenizerSchema,
      'model_invalid',
    )
    const unet = readConfig(files, 'unet/config.json', unetSchema, 'unsupported_model')
    const vae = readConfig(files, 'vae_decoder/config.json', vaeSchema, 'unsupported_model')
    const scheduler = readConfig(
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
    const length = config.model_max_length
    const tokenizer = readConfig(
      files,
      'tokenizer/tokenizer.json',
      z.looseObject({}),
      'model_invalid',
    )
    return {
      channels: vae.latent_channels,
      scale: scaleOf(vae),
      networks: NETWORKS,
      scheduler: dpmSolver({
        trainSteps: scheduler.num_train_timesteps,
        betaStart: scheduler.beta_start,
        betaEnd: scheduler.beta_end,
        betaSchedule: scheduler.beta_schedule,
      }),
      tokenizer: () =>
        new PromptTokenizer({
          length,
          endToken: config.eos_token,
          padToken: config.pad_token ?? config.eos_token,
          config,
          tokenizer,
        }),
      parts: (runtime, { text, denoiser, decoder }, prompts) => ({
        textEncoder: msTextEncoder(runtime, text, prompts),
        denoiser: msDenoiser(runtime, denoiser, length),
        decoder: msDecoder(runtime, decoder, vae.scaling_factor),
      }),
    }
  },
}

/** Each level of the decoder except the first doubles the image size. */
function scaleOf(vae: z.output<typeof gridSchema>): number {
  return 2 ** (vae.block_out_channels.length - 1)
}
