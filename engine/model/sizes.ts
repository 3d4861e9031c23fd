import { workOf } from '../../formats/generation.js'
import { pixelsOf, type VideoShape } from '../../formats/video-shape.js'

/** Which sizes a model can make. */
export interface SizeGrid {
  /** Width and height are multiples of it. */
  sizeMultiple: number
  /** Frames are one more than a multiple of it: 1 for any number, 4 for 1, 5, 9 … */
  framesEvery: number
}

/** How much one request may be. */
export interface RequestCaps {
  /** Attention over time grows with the square of the frames. */
  frames: number
  /** Pixels of a side: attention over a picture grows with the square of its area. */
  side: number
  /** frames · width · height: memory follows it. */
  pixels: number
  /** steps · frames · width · height. */
  work: number
}

/** Of every model but one whose standard video or `max_pixels` and `max_work` say more. */
export const USUAL_CAPS: RequestCaps = {
  frames: 256,
  side: 1024,
  /** 16 frames of 1024×1024. */
  pixels: 16_777_216,
  /** 1300 times the embedded model's standard video. */
  work: 1_000_000_000,
}

/**
 * The standard video of a model is never too much for it, nor what its fractal.json says it can take.
 * @param standard null: the model names none
 */
export function requestCaps(
  standard: VideoShape | null,
  stated: { pixels?: number | undefined; work?: number | undefined } = {},
): RequestCaps {
  if (standard === null) return USUAL_CAPS
  return {
    frames: Math.max(USUAL_CAPS.frames, standard.frames),
    side: Math.max(USUAL_CAPS.side, standard.width, standard.height),
    pixels: Math.max(stated.pixels ?? USUAL_CAPS.pixels, pixelsOf(standard)),
    work: Math.max(stated.work ?? USUAL_CAPS.work, workOf(standard)),
  }
}
