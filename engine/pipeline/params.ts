import { type GenerationParams, guidanceMilli, SEED_MAX, workOf } from '../../formats/generation.js'
import { pixelsOf, type VideoShape } from '../../formats/video-shape.js'
import { EngineError } from '../errors.js'
import type { ModelDescriptor } from '../model/descriptor.js'
import type { RequestCaps, SizeGrid } from '../model/sizes.js'

/** Parameters that a caller may leave to the model's descriptor; `guidance` as people write it. */
export interface PartialParams extends Partial<Omit<VideoShape, 'guidanceMilli'>> {
  prompt: string
  negativePrompt?: string
  seed: number
  guidance?: number
}

/** The trained schedule of these models has this many steps. */
export const MAX_STEPS = 1000
/** Guidance 100. */
export const MAX_GUIDANCE_MILLI = 100_000
export const MAX_FPS = 120
/** UTF-16 units: far above any tokenizer's length, and low enough to tokenise in under a second. */
const MAX_PROMPT_LENGTH = 200_000

/**
 * Fills in the model's defaults.
 * @throws EngineError `invalid_request`, naming what is missing if the folder has no fractal.json
 */
export function completeParams(
  partial: PartialParams,
  descriptor: ModelDescriptor | null,
): GenerationParams {
  const missing = (['steps', 'guidance', 'width', 'height', 'frames', 'fps'] as const).filter(
    (name) => partial[name] === undefined && descriptor === null,
  )
  if (missing.length > 0) {
    throw new EngineError(
      'invalid_request',
      `The model folder has no fractal.json, so the request must specify ${missing.join(', ')}.`,
      { hint: 'Specify them, or add a fractal.json to the model folder.' },
    )
  }
  return {
    prompt: partial.prompt,
    negativePrompt: partial.negativePrompt ?? '',
    seed: partial.seed,
    steps: partial.steps ?? descriptor!.steps,
    guidanceMilli:
      partial.guidance === undefined ? descriptor!.guidanceMilli : parseGuidance(partial.guidance),
    width: partial.width ?? descriptor!.width,
    height: partial.height ?? descriptor!.height,
    frames: partial.frames ?? descriptor!.frames,
    fps: partial.fps ?? descriptor!.fps,
  }
}

/**
 * Guidance in thousandths.
 * @throws EngineError `invalid_request` for more than 3 decimals, NaN or out of range
 */
export function parseGuidance(guidance: number): number {
  let milli = Number.NaN
  try {
    milli = guidanceMilli(guidance)
  } catch {
    // Reported below, with the range.
  }
  if (!(milli >= 0 && milli <= MAX_GUIDANCE_MILLI)) {
    throw new EngineError(
      'invalid_request',
      `guidance ${guidance} is not a number from 0 to ${MAX_GUIDANCE_MILLI / 1000} with at most 3 decimals.`,
      { hint: 'For example 3 or 7.5.' },
    )
  }
  return milli
}

/** @throws EngineError `invalid_request`, `invalid_seed` */
export function validateParams(
  params: GenerationParams,
  { sizeMultiple, framesEvery, caps }: SizeGrid & { caps: RequestCaps },
): void {
  const { seed } = params
  if (!Number.isInteger(seed) || seed < 0 || seed > SEED_MAX) {
    throw new EngineError('invalid_seed', `seed ${seed} is not an integer from 0 to ${SEED_MAX}.`, {
      hint: 'Seeds have 32 bits: with wider ones, two seeds could give the same video.',
    })
  }
  within('steps', params.steps, 1, MAX_STEPS)
  within('frames', params.frames, 1, caps.frames)
  assertFrames(params.frames, framesEvery)
  within('fps', params.fps, 1, MAX_FPS)
  within('guidance in thousandths', params.guidanceMilli, 0, MAX_GUIDANCE_MILLI)
  for (const side of ['width', 'height'] as const) {
    if (params[side] % sizeMultiple !== 0) {
      const below = Math.max(sizeMultiple, Math.floor(params[side] / sizeMultiple) * sizeMultiple)
      throw new EngineError(
        'invalid_request',
        `${side} ${params[side]} is not a multiple of ${sizeMultiple}.`,
        { hint: Number.isFinite(below) ? `Try ${below} or ${below + sizeMultiple}.` : 'Try 64.' },
      )
    }
    within(side, params[side], sizeMultiple, caps.side)
  }
  const pixels = pixelsOf(params)
  if (pixels > caps.pixels) {
    throw tooMuch(`frames × width × height is ${pixels}, more than the cap of ${caps.pixels}`)
  }
  const work = workOf(params)
  if (work > caps.work) {
    throw tooMuch(`steps × frames × width × height is ${work}, more than the cap of ${caps.work}`)
  }
  for (const text of [params.prompt, params.negativePrompt]) {
    if (text.length > MAX_PROMPT_LENGTH) {
      throw new EngineError(
        'invalid_request',
        `a prompt of ${text.length} characters is longer than ${MAX_PROMPT_LENGTH}.`,
        {
          hint: 'A model reads the first words, at most some hundreds; anything after them is ignored.',
        },
      )
    }
  }
}

/** A temporal decoder makes one frame, then `every` frames at a time. */
function assertFrames(frames: number, every: number): void {
  const over = (frames - 1) % every
  if (over === 0) return
  const below = frames - over
  throw new EngineError(
    'invalid_request',
    `frames ${frames} is not one more than a multiple of ${every}.`,
    { hint: `Try ${below} or ${below + every}.` },
  )
}

function within(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new EngineError(
      'invalid_request',
      `${name} ${value} is not an integer from ${low} to ${high}.`,
      { hint: `Give ${name} within these bounds.` },
    )
  }
}

function tooMuch(what: string): EngineError {
  return new EngineError('invalid_request', `${what}.`, {
    hint: 'Ask for fewer frames, a smaller picture or fewer steps.',
  })
}
