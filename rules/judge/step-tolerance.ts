import { DEVIATION_MARGIN, FRAME_TOLERANCE_MIN, STEP_TOLERANCE_MIN } from '../constants.js'

/** The furthest that a step and a frame of a class were from themselves when it was certified. */
export interface ClassDeviations {
  /** In 10^-9 of the denoiser's prediction. */
  stepDeviation: number
  /** In levels of a byte. */
  frameDeviation: number
}

/** How far an honest step and frame may be from what the verifier computes, in a class that is not exact. */
export interface StepTolerance {
  /** In 10^-9 of the denoiser's prediction. */
  step: number
  /** In levels of a byte. */
  frame: number
}

/** A class's tolerance, from what was measured of it: with a margin, and never below what rounding alone may do. */
export function stepTolerance({ stepDeviation, frameDeviation }: ClassDeviations): StepTolerance {
  return {
    step: Math.max(STEP_TOLERANCE_MIN, DEVIATION_MARGIN * stepDeviation),
    frame: Math.max(FRAME_TOLERANCE_MIN, DEVIATION_MARGIN * frameDeviation),
  }
}
