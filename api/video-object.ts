import type { JobRow } from '../ledger/jobs.js'

function unixSeconds(date: Date | null): number | null {
  return date === null ? null : Math.floor(date.getTime() / 1000)
}

/** Frames and rate as seconds, in as few digits as they need: OpenAI's `seconds` is a string. */
function secondsText(frames: number, fps: number): string {
  return String(Number((frames / fps).toFixed(3)))
}

/**
 * A job as its owner sees it: OpenAI's video object, then our own members.
 * @param prover hotkey of the prover whose video was delivered, when there is one
 */
export function videoObject(job: JobRow, prover: string | null) {
  return {
    id: job.id,
    object: 'video' as const,
    status: job.status,
    progress: job.progress,
    model: job.model,
    prompt: job.prompt,
    seconds: secondsText(job.frames, job.fps),
    size: `${job.width}x${job.height}`,
    created_at: unixSeconds(job.createdAt),
    completed_at: unixSeconds(job.completedAt),
    expires_at: unixSeconds(job.expiresAt),
    remixed_from_video_id: null,
    error: job.errorCode === null ? null : { code: job.errorCode, message: job.errorMessage ?? '' },
    seed: job.seed,
    negative_prompt: job.negativePrompt,
    steps: job.steps,
    guidance_scale: job.guidanceMilli / 1000,
    num_frames: job.frames,
    fps: job.fps,
    /** Whether it counts for its prover: the gateway drew the seed, and it has the standard size. */
    counted: job.counted,
    cancel_requested: job.cancelRequestedAt !== null,
    /** `prompt_truncated`: the model read the beginning of the prompt only. */
    warnings: job.warnings,
    prover,
  }
}
