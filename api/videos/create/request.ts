import { z } from 'zod'
import { hasLoneSurrogate } from '../../../formats/bytes.js'
import { MAX_TEXT_BYTES, SEED_MAX, TEXT_CHARACTERS } from '../../../formats/generation.js'
import { optional, textLike, wholeNumber, withoutNulls } from '../../http/fields.js'
import type { VideoLimits } from './limits.js'

// Written out, as those of TEXT_CHARACTERS: every reader of the document takes the same characters for spaces.
const NOT_BLANK = /[^\t\n\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]/
const SIZE_RULE = `must be at most ${MAX_TEXT_BYTES} bytes (100 kB) in UTF-8`

const text = z
  .string({ error: 'must be a string' })
  .regex(TEXT_CHARACTERS, {
    error: 'must not contain control characters other than tab, newline and carriage return',
  })
  .max(MAX_TEXT_BYTES, { error: SIZE_RULE })
  .refine((s) => !hasLoneSurrogate(s), 'must be well-formed Unicode, without half a surrogate pair')
  .refine((s) => Buffer.byteLength(s) <= MAX_TEXT_BYTES, SIZE_RULE)

/** A number that the model limits: `completeVideoRequest` refuses more than that, as `limit_exceeded`. */
function count(max: number) {
  const error = `must be a whole number from 1 to ${max}`
  return z
    .int({ error })
    .min(1, { error })
    .meta({ override: { maximum: max } })
}

function guidance(maxMilli: number) {
  const error = `must be a number from 0 to ${maxMilli / 1000}`
  return z
    .number({ error })
    .min(0, { error })
    .meta({ override: { maximum: maxMilli / 1000 } })
}

const MODEL_RULE = 'must be the name of a model, 1 to 128 characters'
const SECONDS_RULE = 'must be a number of seconds above 0, for example 2 or "2.5"'

const secondsText = textLike(/^(?!0+(\.0+)?$)\d{1,6}(\.\d{1,3})?$/, SECONDS_RULE)

/** A number or, as OpenAI's clients write it, a text. */
const seconds = z
  .union([z.number({ error: SECONDS_RULE }).gt(0, SECONDS_RULE), secondsText], SECONDS_RULE)
  .transform(Number)

const SECONDS_META = { description: 'length of the clip; or send num_frames', example: '2' }

/** What the document asks for, to be tried as it is. */
export const EXAMPLE_PROMPT = 'a red circle moves right on a blue background'

/** The body of `POST /v1/videos`: OpenAI's fields, then ours. */
export const videoRequestSchema = (limits: VideoLimits) =>
  z.strictObject({
    prompt: text
      .regex(NOT_BLANK, { error: 'must not be empty or blank' })
      .meta({ example: EXAMPLE_PROMPT }),
    model: optional(z.string({ error: MODEL_RULE }).min(1, MODEL_RULE).max(128, MODEL_RULE)).meta({
      example: 'fractal-shapes-1',
    }),
    seconds: optional(seconds).meta(SECONDS_META),
    size: optional(
      textLike(
        /^[1-9]\d{0,4}x[1-9]\d{0,4}$/,
        'must be WIDTHxHEIGHT in pixels, for example "64x64"',
      ),
    ).meta({ description: 'WIDTHxHEIGHT in pixels', example: '64x64' }),
    seed: optional(wholeNumber(0, SEED_MAX)).meta({
      description:
        'the same seed and request make the same video, byte for byte; without one the gateway draws it, and the request may count',
    }),
    negative_prompt: optional(text),
    steps: optional(count(limits.maxSteps)),
    guidance_scale: optional(guidance(limits.maxGuidanceMilli)),
    fps: optional(count(limits.maxFps)),
    num_frames: optional(count(limits.maxFrames)),
    reuse_prompt: optional(z.boolean({ error: 'must be true or false' })).meta({
      description:
        'whether the verifier may ask other provers with this prompt within the next day, so that its checks look like users’ requests; false: never',
      example: true,
    }),
    stream: optional(z.boolean({ error: 'must be true or false' })).meta({
      description:
        'answer with server-sent events until the video has ended; closing the stream cancels it',
    }),
  })

/** The same body as a form, for the document: no null, and `seconds` is a text. */
export const videoFormSchema = (limits: VideoLimits) =>
  withoutNulls(videoRequestSchema(limits)).extend({
    seconds: secondsText.optional().meta(SECONDS_META),
  })

/** What is the caller's own: no error repeats it. */
export const SECRET_FIELDS = ['prompt', 'negative_prompt'] as const

/** What the texts of a form stand for. `seconds` is a text in OpenAI's JSON too. */
export const VIDEO_FORM = {
  numbers: ['seed', 'steps', 'guidance_scale', 'fps', 'num_frames'],
  booleans: ['reuse_prompt', 'stream'],
} as const

export type VideoRequest = z.output<ReturnType<typeof videoRequestSchema>>
