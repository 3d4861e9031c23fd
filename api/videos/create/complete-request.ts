import { type GenerationParams, guidanceMilli, workOf } from '../../../formats/generation.js'
import type { ModelStandard } from '../../../formats/video-shape.js'
import { ApiError } from '../../http/errors.js'
import { listed, refusedField } from '../../http/validate.js'
import type { VideoLimits } from './limits.js'
import type { VideoRequest } from './request.js'

/** A request with nothing left open but the seed. */
export interface VideoParams extends Readonly<Omit<GenerationParams, 'seed'>> {
  readonly model: string
  /** null: the gateway draws it once the request is accepted. */
  readonly seed: number | null
  /** Whether checks may ask with its texts, as far as the request says. */
  readonly reusePrompt: boolean
}

/**
 * Fills in the model's standards and checks the request against the limits. Errors name the fields that were
 * sent: a caller that sent `seconds` knows nothing of `num_frames`.
 * @throws ApiError `model_not_found`, `invalid_request`, `limit_exceeded`
 */
export function completeVideoRequest(
  request: VideoRequest,
  standard: ModelStandard,
  limits: VideoLimits,
): VideoParams {
  if (request.model !== undefined && request.model !== standard.name) {
    throw refusedField('model', request.model, 'must be one that is served here', {
      code: 'model_not_found',
      hint: `This network serves ${standard.name}.`,
    })
  }
  const fps = atMost('fps', request.fps, limits.maxFps) ?? standard.fps
  const params: VideoParams = {
    prompt: request.prompt,
    negativePrompt: request.negative_prompt ?? '',
    model: standard.name,
    seed: request.seed ?? null,
    reusePrompt: request.reuse_prompt ?? true,
    steps: atMost('steps', request.steps, limits.maxSteps) ?? standard.steps,
    guidanceMilli: guidanceOf(request.guidance_scale, standard, limits),
    ...sizeOf(request.size, standard, limits),
    frames: framesOf(request, standard, fps, limits),
    fps,
  }
  assertProducts(request, params, limits)
  return params
}

function atMost(field: string, value: number | undefined, limit: number): number | undefined {
  if (value !== undefined && value > limit) throw tooMuch(field, value, `must be at most ${limit}`)
  return value
}

function tooMuch(field: string, value: unknown, rule: string, hint?: string): ApiError {
  return refusedField(field, value, rule, {
    code: 'limit_exceeded',
    ...(hint === undefined ? {} : { hint }),
  })
}

function guidanceOf(
  scale: number | undefined,
  standard: ModelStandard,
  limits: VideoLimits,
): number {
  if (atMost('guidance_scale', scale, limits.maxGuidanceMilli / 1000) === undefined) {
    return standard.guidanceMilli
  }
  try {
    return guidanceMilli(scale!)
  } catch (cause) {
    throw refusedField('guidance_scale', scale, 'must have at most three decimals', { cause })
  }
}

function sizeOf(
  size: string | undefined,
  standard: ModelStandard,
  { sizeMultiple, maxSide, maxFramePixels }: VideoLimits,
): { width: number; height: number } {
  if (size === undefined) return { width: standard.width, height: standard.height }
  const [width = 0, height = 0] = size.split('x').map(Number)
  for (const [side, pixels] of Object.entries({ width, height })) {
    if (pixels % sizeMultiple !== 0) {
      throw refusedField('size', size, `must have a ${side} that is a multiple of ${sizeMultiple}`)
    }
    if (pixels > maxSide) throw tooMuch('size', size, `must have a ${side} of at most ${maxSide}`)
  }
  const pixels = width * height
  if (pixels > maxFramePixels) {
    const rule = `must have at most ${maxFramePixels} pixels, and has ${pixels}`
    throw tooMuch('size', size, rule)
  }
  return { width, height }
}

function framesOf(
  { seconds, num_frames: frames }: VideoRequest,
  standard: ModelStandard,
  fps: number,
  { maxFrames, framesEvery }: VideoLimits,
): number {
  if (seconds === undefined) {
    const asked = atMost('num_frames', frames, maxFrames) ?? standard.frames
    if ((asked - 1) % framesEvery === 0) return asked
    const below = asked - ((asked - 1) % framesEvery)
    throw refusedField('num_frames', frames, `must be one more than a multiple of ${framesEvery}`, {
      hint: `Try ${below} or ${below + framesEvery}.`,
    })
  }
  // As near as the model can make it: whole seconds are seldom one frame more than a multiple.
  const fromSeconds = 1 + framesEvery * Math.max(0, Math.round((seconds * fps - 1) / framesEvery))
  if (frames !== undefined && frames !== fromSeconds) {
    throw new ApiError(
      'invalid_request',
      `seconds is ${seconds} and num_frames is ${frames}: at ${fps} fps these seconds are ${fromSeconds} frames.`,
      { hint: 'Send one of the two.', param: 'num_frames' },
    )
  }
  if (fromSeconds > maxFrames) {
    throw tooMuch(
      'seconds',
      seconds,
      `must be at most ${decimals(maxFrames / fps)} at ${fps} fps`,
      `A video has at most ${maxFrames} frames.`,
    )
  }
  return fromSeconds
}

/** Rounded down: what a message allows is allowed. */
function decimals(seconds: number): number {
  return Math.floor(seconds * 1000) / 1000
}

/** What a request's frames, pixels and steps make together. */
function assertProducts(request: VideoRequest, params: VideoParams, limits: VideoLimits): void {
  const framePixels = params.width * params.height
  const pixels = params.frames * framePixels
  const length = request.seconds === undefined ? 'num_frames' : 'seconds'
  if (pixels > limits.maxPixels) {
    const most = Math.floor(limits.maxPixels / framePixels)
    const rule = `frames × width × height is ${pixels}, and may be at most ${limits.maxPixels}`
    const hint = `At this size a video has at most ${most} frames, which are ${decimals(most / params.fps)} s.`
    throw together(request, ['size', length], rule, hint)
  }
  const work = workOf(params)
  if (work > limits.maxWork) {
    const most = Math.floor(limits.maxWork / pixels)
    const rule = `steps × frames × width × height is ${work}, and may be at most ${limits.maxWork}`
    const hint = `At this size and length steps may be at most ${most}.`
    throw together(request, ['size', length, 'steps'], rule, hint)
  }
}

/** For fields that are too much together: those that were sent; the rest is the model's standard. */
function together(
  request: VideoRequest,
  fields: readonly (keyof VideoRequest)[],
  why: string,
  hint: string,
): ApiError {
  const sent = fields.filter((field) => request[field] !== undefined)
  const what = listed(
    sent.map((field) => `${field} ${JSON.stringify(request[field])}`),
    'and',
  )
  return new ApiError(
    'limit_exceeded',
    `${what} ${sent.length === 1 ? 'is' : 'are'} too much: ${why}.`,
    {
      hint,
      ...(sent.length === 0 ? {} : { param: sent.at(-1)! }),
    },
  )
}
