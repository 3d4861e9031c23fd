import { z } from 'zod'
import { type GenerationParams, guidanceMilli, SEED_MAX } from '../../formats/generation.js'
import type { VideoShape } from '../../formats/video-shape.js'
import { EngineError } from '../errors.js'
import type { SizeGrid } from './sizes.js'

/** Fewer could all have one size, and show nothing about how others are computed. */
const MIN_ANSWERS = 3
const MAX_ANSWERS = 16

/** One request of `known_answers` in fractal.json. */
const knownAnswerSchema = z.strictObject({
  prompt: z.string(),
  negative_prompt: z.string().default(''),
  seed: z.int().min(0).max(SEED_MAX),
  num_inference_steps: z.int().positive(),
  guidance_scale: z.number().nonnegative(),
  num_frames: z.int().positive(),
  width: z.int().positive(),
  height: z.int().positive(),
})

export const knownAnswersSchema = z.array(knownAnswerSchema).min(MIN_ANSWERS).max(MAX_ANSWERS)

/**
 * The known-answer requests that a model lists: the standard size first, no two of the same size.
 * @throws EngineError `model_invalid`
 */
export function listedKnownAnswers(
  listed: z.output<typeof knownAnswersSchema>,
  standard: VideoShape,
): GenerationParams[] {
  const answers = listed.map((one) => ({
    prompt: one.prompt,
    negativePrompt: one.negative_prompt,
    seed: one.seed,
    steps: one.num_inference_steps,
    guidanceMilli: guidanceMilli(one.guidance_scale),
    frames: one.num_frames,
    width: one.width,
    height: one.height,
    fps: standard.fps,
  }))
  const [first] = answers
  if (sizeOf(first!) !== sizeOf(standard) || first!.guidanceMilli !== standard.guidanceMilli) {
    throw refused('the first of known_answers is not of the standard size and guidance')
  }
  if (new Set(answers.map(sizeOf)).size < answers.length) {
    throw refused('two of known_answers are of one size')
  }
  return answers
}

const WITHOUT_DESCRIPTOR: VideoShape = {
  steps: 4,
  guidanceMilli: 7500,
  width: 64,
  height: 64,
  frames: 16,
  fps: 8,
}
const PROMPTS = [
  'a red circle moves right on a blue background',
  'a boat on the sea at sunset',
  'two people walk through the rain',
] as const
const SEED = 20_261_122
/** Enough to run every branch of the solver, but few, because each process generates them at startup. */
const FEW_STEPS = 3
/** Networks that halve an image several times need sides that are a multiple of this. */
const SIDE = 64

/**
 * A model's known-answer requests in order: those listed in its fractal.json, else three derived from its
 * standard form (docs/decisions/0015-classes.md): its size; half of its frames, width and height; one frame
 * at half of its height. A side is halved only if the result is a multiple of 64, and frames only to a number
 * that the model supports; if that gives two equal sizes, the next larger number of frames is used. They have
 * three steps, or fewer if the standard has fewer.
 */
export function knownAnswersOf(
  descriptor:
    | (VideoShape & { grid: SizeGrid; knownAnswers: readonly GenerationParams[] | null })
    | null,
): readonly GenerationParams[] {
  if (descriptor?.knownAnswers) return descriptor.knownAnswers
  const { steps, ...standard } = standardOf(descriptor)
  const { frames, width, height } = standard
  const short = { ...standard, steps: Math.min(steps, FEW_STEPS) }
  const every = descriptor?.grid.framesEvery ?? 1
  const later = Math.floor((frames - 1) / every)
  const few = 1 + every * (later > 1 ? Math.floor(later / 2) : later + 1)
  const fewest = 1 + every * (later > 1 ? 0 : later + 2)
  return [
    short,
    { ...short, frames: few, width: half(width), height: half(height) },
    { ...short, frames: fewest, height: half(height) },
  ].map((shape, i) => ({ ...shape, prompt: PROMPTS[i]!, negativePrompt: '', seed: SEED + i }))
}

/** The standard form of a model's videos; a small one for a folder without fractal.json. */
export function standardOf(descriptor: VideoShape | null): VideoShape {
  const { steps, guidanceMilli, frames, width, height, fps } = descriptor ?? WITHOUT_DESCRIPTOR
  return { steps, guidanceMilli, frames, width, height, fps }
}

function half(side: number): number {
  return side % (2 * SIDE) === 0 ? side / 2 : side
}

function sizeOf({ frames, width, height }: VideoShape): string {
  return `${frames} ${width} ${height}`
}

function refused(what: string): EngineError {
  return new EngineError('model_invalid', `fractal.json: ${what}.`, {
    hint: 'List at least three requests of different sizes, the standard size first, or none at all.',
  })
}
