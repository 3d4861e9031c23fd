/** What the steps take of a video's progress; the frames, which all come after the last step, have the rest. */
const STEPS_PERCENT = 90
/** The last per cent is the file. */
const MOST_PERCENT = 99

/** Progress after so many denoising steps: 0 to 90 %. */
export function percentOfSteps(step: number, steps: number): number {
  return Math.min(STEPS_PERCENT, Math.floor((STEPS_PERCENT * step) / steps))
}

/** Progress after so many frames have arrived: 90 to 99 %. */
export function percentOfFrames(arrived: number, frames: number): number {
  const share = Math.floor(((MOST_PERCENT - STEPS_PERCENT) * arrived) / frames)
  return Math.min(MOST_PERCENT, STEPS_PERCENT + share)
}
