import { z } from 'zod'
import { type GenerationParams, guidanceMilli } from '../../formats/generation.js'
import type { ModelStandard } from '../../formats/video-shape.js'
import { EngineError } from '../errors.js'
import { knownAnswersSchema, listedKnownAnswers } from './known-answers.js'

/** What a model's `fractal.json` says: its name and the standard form of a request. */
export interface ModelDescriptor extends ModelStandard {
  /** Items in one call of the denoiser: part of what makes output bit-equal. */
  denoiserBatch: number
  decodeUnit: 'frame'
  /** As listed, the standard one first; null where the folder lists none (`knownAnswersOf` derives them). */
  knownAnswers: readonly GenerationParams[] | null
}

const schema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/),
  num_inference_steps: z.int().positive(),
  guidance_scale: z.number().nonnegative(),
  num_frames: z.int().positive(),
  width: z.int().positive(),
  height: z.int().positive(),
  fps: z.int().positive(),
  // The pipeline runs the unconditional and the conditional half together, and one video at a time.
  denoiser_batch: z.literal(2),
  decode_unit: z.literal('frame'),
  known_answers: knownAnswersSchema.optional(),
})

/** @throws EngineError `model_invalid` */
export function parseDescriptor(json: unknown): ModelDescriptor {
  const parsed = schema.safeParse(json)
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
  return {
    ...standard,
    denoiserBatch: data.denoiser_batch,
    decodeUnit: data.decode_unit,
    knownAnswers:
      data.known_answers === undefined ? null : listedKnownAnswers(data.known_answers, standard),
  }
}
