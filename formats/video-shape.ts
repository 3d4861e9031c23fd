/** All that a video is asked to be, apart from its words and its seed. */
export interface VideoShape {
  steps: number
  /** Guidance in thousandths; at 1000 and below there is none, as in diffusers. */
  guidanceMilli: number
  frames: number
  /** Pixels. */
  width: number
  /** Pixels. */
  height: number
  /** Only for whoever plays the frames; it changes no byte of them. */
  fps: number
}

/** One picture. */
export type FrameSize = Pick<VideoShape, 'width' | 'height'>

/** The pictures that hashes and cosines are over. */
export type FramesShape = Pick<VideoShape, 'frames' | 'width' | 'height'>

/** frames · width · height */
export function pixelsOf({ frames, width, height }: FramesShape): number {
  return frames * width * height
}

/** What decides how much there is to compute. */
export type WorkShape = Pick<VideoShape, 'steps' | 'frames' | 'width' | 'height'>

/** The standard form of a model's videos, as its `fractal.json` says: defaults, and what counts. */
export interface ModelStandard extends VideoShape {
  name: string
}
