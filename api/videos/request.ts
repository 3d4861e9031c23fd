import { z } from 'zod'
import { hasLoneSurrogate } from '../../formats/bytes.js'
import { type GenerationParams, guidanceMilli, SEED_MAX, workOf } from '../../formats/generation.js'
import type { ModelStandard } from '../../formats/video-shape.js'
import { ApiError } from '../http/errors.js'
import { optional } from '../http/fields.js'
import type { VideoLimits } from './limits.js'

/** UTF-8 bytes of a prompt, as the wire takes them. */
const MAX_TEXT_BYTES = 102_400

const text = z
  .string()
  .refine((s) => !hasLoneSurrogate(s), 'must be well-formed Unicode')
  // PostgreSQL's text can't hold U+0000; the others write over what a terminal or a log shows. No prompt needs them.
  .refine(
    (s) => !hasControlCharacter(s),
    'must not contain control characters other than tab, newline and carriage return',
  )
  .refine(
    (s) => Buffer.byteLength(s) <= MAX_TEXT_BYTES,
    `must be at most ${MAX_TEXT_BYTES} bytes (100 kB) in UTF-8`,
  )
const count = z.int().min(1)

/** C0: U+0000 to U+001F, but for the three that texts are laid out with. */
function hasControlCharacter(s: string): boolean {
  for (let i = 0; i < s.length; i++) {
    const unit = s.charCodeAt(i)
    if (unit < 0x20 && unit !== 0x09 && unit !== 0x0a && unit !== 0x0d) return true
  }
  return false
}

/** What the document asks for, to be tried as it is. */
export const EXAMPLE_PROMPT = 'a red circle moves right on a blue background'

/** The body of `POST /v1/videos`: OpenAI's fields, then ours. */
export const videoRequestSchema = z.strictObject({
  prompt: text
    .refine((s) => s.trim() !== '', 'must not be empty')
    .meta({ example: EXAMPLE_PROMPT }),
  model: optional(z.string().min(1).max(128)).meta({ example: 'fractal-shapes-1' }),
  seconds: optional(
    z
      .union([z.number(), z.string().regex(/^\d{1,6}(\.\d{1,3})?$/)], 'must be a number of seconds')
      .transform(Number)
      .refine((s) => s > 0 && s <= 3600, 'must be above 0 and at most 3600'),
  ).meta({ description: 'length of the clip; or send num_frames', example: '2' }),
  size: optional(
    z
      .string()
      .regex(/^[1-9]\d{0,4}x[1-9]\d{0,4}$/, 'must be WIDTHxHEIGHT in pixels, for example "64x64"'),
  ).meta({ description: 'WIDTHxHEIGHT in pixels', example: '64x64' }),
  seed: optional(z.int().min(0).max(SEED_MAX)).meta({
    description:
      'the same seed and request make the same video, byte for byte; without one the gateway draws it, and the request may count',
  }),
  negative_prompt: optional(text),
  steps: optional(count),
  guidance_scale: optional(z.number().min(0)),
  fps: optional(count),
  num_frames: optional(count),
  stream: optional(z.boolean()).meta({
    description:
      'answer with server-sent events until the video has ended; a client that leaves cancels it',
  }),
})
/** What the texts of a form stand for. `seconds` is a text in OpenAI's JSON too. */
export const VIDEO_FORM = {
  numbers: ['seed', 'steps', 'guidance_scale', 'fps', 'num_frames'],
  booleans: ['stream'],
} as const

export type VideoRequest = z.output<typeof videoRequestSchema>

/** A request with nothing left open but the seed. */
export interface VideoParams extends Readonly<Omit<GenerationParams, 'seed'>> {
  readonly model: string
  /** null: the gateway draws it once the request is accepted. */
  readonly seed: number | null
}

/**
 * Fills in the model's standards and holds the request against the limits.
 * @throws ApiError `model_not_found`, `invalid_request`, `limit_exceeded`
 */
export function completeVideoRequest(
  request: VideoRequest,
  standard: ModelStandard,
  limits: VideoLimits,
): VideoParams {
  if (request.model !== undefined && request.model !== standard.name) {
    throw new ApiError('model_not_found', 'The model asked for is not served here.', {
      hint: `This network serves ${standard.name}.`,
      param: 'model',
    })
  }
  const [width = standard.width, height = standard.height] =
    request.size?.split('x').map(Number) ?? []
  const fps = atMost('fps', request.fps ?? standard.fps, limits.maxFps)
  const params: VideoParams = {
    prompt: request.prompt,
    negativePrompt: request.negative_prompt ?? '',
    model: standard.name,
    seed: request.seed ?? null,
    steps: atMost('steps', request.steps ?? standard.steps, limits.maxSteps),
    guidanceMilli: guidance(request.guidance_scale, standard, limits),
    width: side('width', width, limits),
    height: side('height', height, limits),
    frames: atMost('num_frames', framesOf(request, standard, fps), limits.maxFrames),
    fps,
  }
  const framePixels = params.width * params.height
  if (framePixels > limits.maxFramePixels) {
    throw tooMuch('size', `width × height is ${framePixels}`, limits.maxFramePixels)
  }
  const pixels = params.frames * framePixels
  if (pixels > limits.maxPixels) {
    throw tooMuch('num_frames', `frames × width × height is ${pixels}`, limits.maxPixels)
  }
  const work = workOf(params)
  if (work > limits.maxWork) {
    throw tooMuch('steps', `steps × frames × width × height is ${work}`, limits.maxWork)
  }
  return params
}

function framesOf(request: VideoRequest, standard: ModelStandard, fps: number): number {
  const { seconds, num_frames: frames } = request
  if (seconds === undefined) return frames ?? standard.frames
  const fromSeconds = Math.max(1, Math.round(seconds * fps))
  if (frames !== undefined && frames !== fromSeconds) {
    throw new ApiError(
      'invalid_request',
      `seconds and num_frames disagree: at ${fps} fps these seconds are ${fromSeconds} frames.`,
      { hint: 'Send one of the two.', param: 'num_frames' },
    )
  }
  return fromSeconds
}

function guidance(scale: number | undefined, standard: ModelStandard, limits: VideoLimits): number {
  if (scale === undefined) return standard.guidanceMilli
  atMost('guidance_scale', scale, limits.maxGuidanceMilli / 1000)
  try {
    return guidanceMilli(scale)
  } catch (cause) {
    throw new ApiError('invalid_request', 'guidance_scale: must have at most three decimals', {
      param: 'guidance_scale',
      cause,
    })
  }
}

function side(name: string, pixels: number, limits: VideoLimits): number {
  const { sizeMultiple } = limits
  if (pixels % sizeMultiple !== 0) {
    throw new ApiError(
      'invalid_request',
      `size: ${name} ${pixels} is not a multiple of ${sizeMultiple}`,
      { param: 'size' },
    )
  }
  return atMost('size', pixels, limits.maxSide)
}

function atMost(param: string, value: number, limit: number): number {
  if (value > limit) throw tooMuch(param, `${param} is ${value}`, limit)
  return value
}

function tooMuch(param: string, what: string, limit: number): ApiError {
  return new ApiError('limit_exceeded', `${what}, more than ${limit}.`, { param })
}
