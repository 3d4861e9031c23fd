/** The standard form of a video, as the model's `fractal.json` says: defaults, and what counts. */
export interface VideoStandard {
  readonly name: string
  readonly steps: number
  readonly guidanceMilli: number
  readonly frames: number
  /** Pixels. */
  readonly width: number
  /** Pixels. */
  readonly height: number
  readonly fps: number
}

/** What the engine takes at most; beyond it every prover would refuse. */
export interface VideoLimits {
  readonly maxSteps: number
  readonly maxGuidanceMilli: number
  readonly maxFrames: number
  /** Pixels of width and of height. */
  readonly maxSide: number
  /** frames · width · height. */
  readonly maxPixels: number
  /** steps · frames · width · height. */
  readonly maxWork: number
  readonly maxFps: number
  /** Width and height are multiples of it. */
  readonly sizeMultiple: number
}
