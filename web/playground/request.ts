import type { Video } from '../api-types.js'

/** The form's current texts; an empty one means the model's default. */
export interface Wanted {
  readonly prompt: string
  readonly seed: string
  readonly size: string
  readonly steps: string
  readonly negativePrompt: string
  readonly guidance: string
  readonly frames: string
  readonly fps: string
}

export const NOTHING_WANTED: Wanted = {
  prompt: '',
  seed: '',
  size: '',
  steps: '',
  negativePrompt: '',
  guidance: '',
  frames: '',
  fps: '',
}

/** The body of `POST /v1/videos`, with only the fields that were filled in. */
export interface VideoBody {
  readonly prompt: string
  readonly seed?: number
  readonly size?: string
  readonly steps?: number
  readonly negative_prompt?: string
  readonly guidance_scale?: number
  readonly num_frames?: number
  readonly fps?: number
}

export function bodyOf(wanted: Wanted): VideoBody {
  return {
    prompt: wanted.prompt.trim(),
    ...number('seed', wanted.seed),
    ...(wanted.size === '' ? {} : { size: wanted.size }),
    ...number('steps', wanted.steps),
    ...(wanted.negativePrompt.trim() === ''
      ? {}
      : { negative_prompt: wanted.negativePrompt.trim() }),
    ...number('guidance_scale', wanted.guidance),
    ...number('num_frames', wanted.frames),
    ...number('fps', wanted.fps),
  }
}

function number(name: string, text: string): Record<string, number> {
  return text.trim() === '' ? {} : { [name]: Number(text) }
}

/** The request that makes this video again, byte for byte, including its seed. */
export function wantedOf(video: Video): Wanted {
  return {
    prompt: video.prompt,
    seed: String(video.seed),
    size: video.size,
    steps: String(video.steps),
    negativePrompt: video.negative_prompt,
    guidance: String(video.guidance_scale),
    frames: String(video.num_frames),
    fps: String(video.fps),
  }
}

/** The form field for the API's `param`. */
export const FIELD_OF: Record<string, keyof Wanted> = {
  prompt: 'prompt',
  seed: 'seed',
  size: 'size',
  steps: 'steps',
  negative_prompt: 'negativePrompt',
  guidance_scale: 'guidance',
  num_frames: 'frames',
  fps: 'fps',
}
