import { workOf } from '../../formats/generation.js'
import { pixelsOf, type VideoShape } from '../../formats/video-shape.js'

/** Which video sizes a model supports. */
export interface SizeGrid {
  /** Width and height are multiples of this. */
  sizeMultiple: number
  /** The number of frames is one more than a multiple of this: 1 allows any number, 4 allows 1, 5, 9 … */
  framesEvery: number
}

/** Limits on one request. */
export interface RequestCaps {
  /** Attention over time grows with the square of the frames. */
  frames: number
  /** Pixels per side: attention over an image grows with the square of its area. */
  side: number
  /** frames · width · height: determines memory. */
  pixels: number
  /** steps · frames · width · height. */
  work: number
}

/** The default, unless a model's standard video or its `max_pixels` and `max_work` exceed it. */
export const USUAL_CAPS: RequestCaps = {
  frames: 256,
  side: 1024,
  /** 16 frames of 1024×1024. */
  pixels: 16_777_216,
  /** 1300 times the bundled model's standard video. */
  work: 1_000_000_000,
}

/**
 * A model's limits: they always allow its standard video, and what its fractal.json allows.
 * @param standard null if the model has none
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
