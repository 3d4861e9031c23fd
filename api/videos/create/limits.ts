import type { ModelStandard } from '../../../formats/video-shape.js'
import { REQUEST_WORK_FACTOR } from '../../../rules/constants.js'

/** What a request may ask for at most. */
export interface VideoLimits {
  readonly maxSteps: number
  readonly maxGuidanceMilli: number
  readonly maxFrames: number
  /** Pixels of width and of height. */
  readonly maxSide: number
  /** width · height. */
  readonly maxFramePixels: number
  /** frames · width · height. */
  readonly maxPixels: number
  /** steps · frames · width · height. */
  readonly maxWork: number
  readonly maxFps: number
  /** Width and height are multiples of it. */
  readonly sizeMultiple: number
  /** Frames are one more than a multiple of it. */
  readonly framesEvery: number
}

// Provers are built and measured for the model's standard video. A video that none of them has the memory or
// the time for would fail on one after the other, and each would be blamed for it: hence these multiples.

/** The longer of the standard's sides, twice: `64x64` gives up to `128x128`. */
const SIDE_MULTIPLE = 2
/** Pixels of one frame: the model attends over pairs of them, so the memory of that grows with the square. */
const FRAME_PIXELS_MULTIPLE = 4
/** Frames: the model attends over pairs of these too. */
const FRAMES_MULTIPLE = 4
/** Pixels of the whole video, which the rest of the memory follows: longer or larger, not both. */
const PIXELS_MULTIPLE = 4

/**
 * What users may ask of provers who run this model.
 * @param engine what the engine takes at most, whatever the model: nothing may be above it
 */
export function limitsOf(
  standard: ModelStandard,
  engine: Omit<VideoLimits, 'maxFramePixels'>,
): VideoLimits {
  const { steps, frames, width, height } = standard
  const framePixels = width * height
  const pixels = frames * framePixels
  const maxPixels = Math.min(PIXELS_MULTIPLE * pixels, engine.maxPixels)
  return {
    ...engine,
    maxFrames: Math.min(FRAMES_MULTIPLE * frames, engine.maxFrames),
    maxSide: Math.min(SIDE_MULTIPLE * Math.max(width, height), engine.maxSide),
    maxFramePixels: Math.min(FRAME_PIXELS_MULTIPLE * framePixels, maxPixels),
    maxPixels,
    maxWork: Math.min(REQUEST_WORK_FACTOR * steps * pixels, engine.maxWork),
  }
}
