import { z } from 'zod'
import type { JobRow } from '../../ledger/requests/jobs.js'

const seconds = z.int().min(0).meta({ description: 'seconds since 1970' })

/** OpenAI's video object, then our own members. */
export const videoSchema = z
  .object({
    id: z.string(),
    object: z.literal('video'),
    status: z.enum(['queued', 'in_progress', 'completed', 'failed']),
    progress: z.int().min(0).max(100).meta({ description: 'per cent' }),
    queue_position: z.int().min(0).nullable().meta({
      description:
        'requests before this one at the prover that took it; null until one did, and once it has ended',
    }),
    model: z.string(),
    prompt: z.string(),
    seconds: z.string().meta({ description: 'length of the clip, as OpenAI writes it' }),
    size: z.string().meta({ example: '64x64' }),
    created_at: seconds,
    completed_at: seconds.nullable(),
    expires_at: seconds.nullable(),
    remixed_from_video_id: z.null(),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    seed: z.int().min(0),
    negative_prompt: z.string(),
    steps: z.int().min(0),
    guidance_scale: z.number(),
    num_frames: z.int().min(0),
    fps: z.int().min(0),
    counted: z.boolean().meta({
      description:
        'whether it counts for its prover: the gateway drew the seed, and it has at least the standard steps, frames and size',
    }),
    cancel_requested: z.boolean(),
    warnings: z.array(z.string()).meta({
      description: '`prompt_truncated`: the model read the beginning of the prompt only',
    }),
    prover: z.string().nullable().meta({ description: 'hotkey of the prover that made it' }),
  })
  .meta({ id: 'Video' })
export type Video = z.output<typeof videoSchema>

function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}

function unixSecondsOrNull(date: Date | null): number | null {
  return date === null ? null : unixSeconds(date)
}

/** Frames and rate as seconds, in as few digits as they need: OpenAI's `seconds` is a string. */
function secondsText(frames: number, fps: number): string {
  return String(Number((frames / fps).toFixed(3)))
}

/** A job as its owner sees it: OpenAI's video object, then our own members. */
export function videoObject(job: JobRow): Video {
  return {
    id: job.id,
    object: 'video',
    status: job.status,
    progress: job.progress,
    queue_position: job.queuePosition,
    model: job.model,
    prompt: job.prompt,
    seconds: secondsText(job.frames, job.fps),
    size: `${job.width}x${job.height}`,
    created_at: unixSeconds(job.createdAt),
    completed_at: unixSecondsOrNull(job.completedAt),
    expires_at: unixSecondsOrNull(job.expiresAt),
    remixed_from_video_id: null,
    error: job.errorCode === null ? null : { code: job.errorCode, message: job.errorMessage ?? '' },
    seed: job.seed,
    negative_prompt: job.negativePrompt,
    steps: job.steps,
    guidance_scale: job.guidanceMilli / 1000,
    num_frames: job.frames,
    fps: job.fps,
    counted: job.counted,
    cancel_requested: job.cancelRequestedAt !== null,
    warnings: job.warnings,
    prover: job.prover,
  }
}
