/**
 * The steps' part of a video's progress; the rest is for the frames, which all arrive after the last step.
 */
const STEPS_PERCENT = 90
/** The last per cent is for making the file. */
const MOST_PERCENT = 99

/** Progress after `step` denoising steps: 0 to 90 %. */
export function percentOfSteps(step: number, steps: number): number {
  return Math.min(STEPS_PERCENT, Math.floor((STEPS_PERCENT * step) / steps))
}

/** Progress after `arrived` frames: 90 to 99 %. */
export function percentOfFrames(arrived: number, frames: number): number {
  const share = Math.floor(((MOST_PERCENT - STEPS_PERCENT) * arrived) / frames)
  return Math.min(MOST_PERCENT, STEPS_PERCENT + share)
}
