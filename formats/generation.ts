import { FormatError } from './error.js'
import type { VideoShape, WorkShape } from './video-shape.js'

/** The JSON body of `POST /v1/generate`, exactly these members. */
export interface GenerationBody {
  /** UUIDv4, one per attempt at a prover. */
  request_id: string
  /** The prompt. */
  query: string
  /** Conditioning that must not be logged or published. */
  private_input: { negative_prompt: string }
  sampling_params: {
    /** 0 … SEED_MAX. */
    seed: number
    num_inference_steps: number
    /** At most three decimals. */
    guidance_scale: number
    /** Pixels. */
    width: number
    /** Pixels. */
    height: number
    num_frames: number
    fps: number
  }
  /** Name of the model, as its fractal.json says. */
  model: string
  /** Relative to the request's arrival. */
  deadline_ms: number
}

/** A request whose deadline is not set yet. */
export type UndatedBody = Omit<GenerationBody, 'deadline_ms'>

/** The complete parameters of a generation for the engine, without any defaults. */
export interface GenerationParams extends VideoShape {
  prompt: string
  /** Empty for none. */
  negativePrompt: string
  /** 0 … SEED_MAX. */
  seed: number
}

/**
 * Converts a request to engine parameters. The prover and the recomputing verifier both use this: if theirs
 * differed, honest provers would look like cheats.
 * @throws FormatError `bad_guidance`
 */
export function generationParams(body: UndatedBody): GenerationParams {
  const { query, private_input, sampling_params: sampling } = body
  return {
    prompt: query,
    negativePrompt: private_input.negative_prompt,
    seed: sampling.seed,
    steps: sampling.num_inference_steps,
    guidanceMilli: guidanceMilli(sampling.guidance_scale),
    frames: sampling.num_frames,
    width: sampling.width,
    height: sampling.height,
    fps: sampling.fps,
  }
}

/** The inverse of `generationParams`, without a deadline. */
export function generationBody(
  params: GenerationParams,
  { request_id, model }: Pick<GenerationBody, 'request_id' | 'model'>,
): UndatedBody {
  return {
    request_id,
    model,
    query: params.prompt,
    private_input: { negative_prompt: params.negativePrompt },
    sampling_params: {
      seed: params.seed,
      num_inference_steps: params.steps,
      guidance_scale: params.guidanceMilli / 1000,
      width: params.width,
      height: params.height,
      num_frames: params.frames,
      fps: params.fps,
    },
  }
}

/** The JSON of a request to send: the same keys in the same order, whoever sends it and why. */
export function generationBodyText(body: GenerationBody): string {
  const { private_input, sampling_params: s } = body
  return JSON.stringify({
    request_id: body.request_id,
    query: body.query,
    private_input: { negative_prompt: private_input.negative_prompt },
    sampling_params: {
      seed: s.seed,
      num_inference_steps: s.num_inference_steps,
      guidance_scale: s.guidance_scale,
      width: s.width,
      height: s.height,
      num_frames: s.num_frames,
      fps: s.fps,
    },
    model: body.model,
    deadline_ms: body.deadline_ms,
  } satisfies GenerationBody)
}

/** The generator uses 32 bits: with wider seeds, two seeds could give the same video. */
export const SEED_MAX = 4294967295

/**
 * Guidance in thousandths, as records carry it.
 * @throws FormatError `bad_guidance` for more than three decimals, or a non-finite number.
 */
export function guidanceMilli(guidance: number): number {
  const milli = Math.round(guidance * 1000)
  if (!Number.isSafeInteger(milli) || milli / 1000 !== guidance) {
    throw new FormatError('bad_guidance', `guidance ${guidance} has more than three decimals`)
  }
  return milli === 0 ? 0 : milli
}

/**
 * Units of work of a generation: steps · frames · width · height.
 * @throws FormatError `bad_integer` if a factor or the product is not a safe integer above 0.
 */
export function workOf(shape: WorkShape): number {
  const factors = [shape.steps, shape.frames, shape.width, shape.height]
  const work = factors.reduce((product, factor) => product * factor, 1)
  if (!factors.every((f) => Number.isSafeInteger(f) && f > 0) || !Number.isSafeInteger(work)) {
    throw new FormatError('bad_integer', `${factors.join('·')} is not a countable amount of work`)
  }
  return work
}

/** UTF-8 bytes of a prompt or negative prompt: far above what any tokenizer keeps. */
export const MAX_TEXT_BYTES = 102_400

/**
 * Characters of a prompt or negative prompt, for users and for checks alike: a check that asked with others would give
 * itself away. Not C0 (U+0000 to U+001F), but for tab, newline and carriage return: PostgreSQL's text can't hold
 * U+0000, the others write over what a terminal or a log shows, and no prompt needs them.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is about them
export const TEXT_CHARACTERS = /^[^\u0000-\u0008\u000b\u000c\u000e-\u001f]*$/
