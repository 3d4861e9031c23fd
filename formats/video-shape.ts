/** All parameters of a video except its prompts and its seed. */
export interface VideoShape {
  steps: number
  /** Guidance in thousandths; 1000 and below means none, as in diffusers. */
  guidanceMilli: number
  frames: number
  /** Pixels. */
  width: number
  /** Pixels. */
  height: number
  /** Only for playback; does not affect the frames' bytes. */
  fps: number
}

/** Size of one frame. */
export type FrameSize = Pick<VideoShape, 'width' | 'height'>

/** The frames that hashes and cosines cover. */
export type FramesShape = Pick<VideoShape, 'frames' | 'width' | 'height'>

/** frames · width · height */
export function pixelsOf({ frames, width, height }: FramesShape): number {
  return frames * width * height
}

/** What determines the amount of computation. */
export type WorkShape = Pick<VideoShape, 'steps' | 'frames' | 'width' | 'height'>

/** The standard form of a model's videos, from its `fractal.json`: defaults, and the minimum that counts. */
export interface ModelStandard extends VideoShape {
  name: string
}
