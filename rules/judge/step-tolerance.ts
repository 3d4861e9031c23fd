import { DEVIATION_MARGIN, FRAME_TOLERANCE_MIN, STEP_TOLERANCE_MIN } from '../constants.js'

/** The largest deviations of a step and a frame between runs when a class was certified. */
export interface ClassDeviations {
  /** In 10^-9 of the denoiser's prediction. */
  stepDeviation: number
  /** In 8-bit levels. */
  frameDeviation: number
}

/**
 * How far an honest step and frame may deviate from what the verifier computes, in a class that is not exact.
 */
export interface StepTolerance {
  /** In 10^-9 of the denoiser's prediction. */
  step: number
  /** In 8-bit levels. */
  frame: number
}

/**
 * A class's tolerance, from its measured deviations: with a margin, and never below what rounding alone may
 * cause.
 */
export function stepTolerance({ stepDeviation, frameDeviation }: ClassDeviations): StepTolerance {
  return {
    step: Math.max(STEP_TOLERANCE_MIN, DEVIATION_MARGIN * stepDeviation),
    frame: Math.max(FRAME_TOLERANCE_MIN, DEVIATION_MARGIN * frameDeviation),
  }
}
