import { z } from 'zod'
import { type GenerationParams, guidanceMilli } from '../../formats/generation.js'
import type { ModelStandard } from '../../formats/video-shape.js'
import { EngineError } from '../errors.js'
import { knownAnswersSchema, listedKnownAnswers } from './known-answers.js'
import { type RequestCaps, requestCaps, type SizeGrid } from './sizes.js'

/** What a model's `fractal.json` says: its name and the standard form of a request. */
export interface ModelDescriptor extends ModelStandard {
  grid: SizeGrid
  caps: RequestCaps
  /** The arithmetic of its networks, for information: the model's root covers it too. */
  precision?: 'fp32' | 'fp16' | 'bf16'
  /** Peak GPU memory of its standard video in MiB, if measured. */
  gpuMemoryMib?: number
  /** As listed, the standard one first; null if the folder lists none (`knownAnswersOf` derives them). */
  knownAnswers: readonly GenerationParams[] | null
}

/** Values fixed by the architecture; the file must agree. */
export interface DescriptorTerms {
  /** Items in one call of the denoiser: it affects the output bits. */
  denoiserBatch: 1 | 2
  /** What one call of the decoder produces. */
  decodeUnit: 'frame' | 'video'
  grid: SizeGrid
}

const schema = (terms: DescriptorTerms) =>
  z.strictObject({
    name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
    num_inference_steps: z.int().positive(),
    guidance_scale: z.number().nonnegative(),
    num_frames: z.int().positive(),
    width: z.int().positive(),
    height: z.int().positive(),
    fps: z.int().positive(),
    denoiser_batch: z.literal(terms.denoiserBatch),
    decode_unit: z.literal(terms.decodeUnit),
    /**
     * Limits on frames · width · height of a request, and on steps times that, if higher than the default.
     */
    max_pixels: z.int().positive().optional(),
    max_work: z.int().positive().optional(),
    precision: z.enum(['fp32', 'fp16', 'bf16']).optional(),
    gpu_memory_mib: z.int().positive().optional(),
    known_answers: knownAnswersSchema.optional(),
  })

/** @throws EngineError `model_invalid` */
export function parseDescriptor(json: unknown, terms: DescriptorTerms): ModelDescriptor {
  const parsed = schema(terms).safeParse(json)
  if (!parsed.success) {
    throw new EngineError('model_invalid', `fractal.json: ${z.prettifyError(parsed.error)}`, {
      hint: 'See engine/models/trained/model/fractal.json for an example of every member.',
    })
  }
  const { data } = parsed
  const standard = {
    name: data.name,
    steps: data.num_inference_steps,
    guidanceMilli: guidanceMilli(data.guidance_scale),
    frames: data.num_frames,
    width: data.width,
    height: data.height,
    fps: data.fps,
  }
  assertOnGrid(standard, terms.grid)
  return {
    ...standard,
    grid: terms.grid,
    caps: requestCaps(standard, { pixels: data.max_pixels, work: data.max_work }),
    ...(data.precision && { precision: data.precision }),
    ...(data.gpu_memory_mib && { gpuMemoryMib: data.gpu_memory_mib }),
    knownAnswers:
      data.known_answers === undefined ? null : listedKnownAnswers(data.known_answers, standard),
  }
}

function assertOnGrid({ frames, width, height }: ModelStandard, grid: SizeGrid): void {
  const { sizeMultiple, framesEvery } = grid
  const sound =
    (frames - 1) % framesEvery === 0 && width % sizeMultiple === 0 && height % sizeMultiple === 0
  if (sound) return
  throw new EngineError(
    'model_invalid',
    `fractal.json: this model can’t make ${frames} frames of ${width}×${height}.`,
    {
      hint: `Sides are multiples of ${sizeMultiple}, and frames one more than a multiple of ${framesEvery}.`,
    },
  )
}
