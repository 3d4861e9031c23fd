import type { Response } from 'express'
import { z } from 'zod'
import { getJob, type JobRow } from '../../ledger/requests/jobs.js'
import { apiKeyId } from '../auth/key-gate.js'
import type { ApiDeps } from '../deps.js'
import { ApiError } from '../http/errors.js'
import { textLike } from '../http/fields.js'
import { nothingAt } from '../http/operation.js'
import { videoObject } from './object.js'

/** How soon a client should look again; the name is the one that OpenAI's clients read. */
const POLL_AFTER_MS = 500

export const videoIdSchema = textLike(
  /^video_[0-9a-f]{24}$/,
  'must be the id of a video: video_ and 24 hexadecimal digits',
).meta({ example: 'video_0123456789abcdef01234567' })

const LIST = 'GET /v1/videos lists the videos of this key.'

/** The address of one video, for its operations. */
export const videoId = {
  schema: z.object({ id: videoIdSchema }),
  code: 'video_not_found' as const,
  message: (id: string) => `This API key has no video ${id}.`,
  hint: LIST,
}

/**
 * The caller's video; another key's, and a deleted one, is as unknown as one that never was.
 * @throws ApiError `video_not_found`
 */
export async function ownVideo(deps: ApiDeps, id: string, res: Response): Promise<JobRow> {
  const job = await getJob(deps.db, id)
  if (job === null || job.deletedAt !== null || job.apiKeyId !== apiKeyId(res)) {
    throw nothingAt(videoId, id)
  }
  return job
}

export function hasEnded({ status }: JobRow): boolean {
  return status === 'completed' || status === 'failed'
}

/** Answers with the video object; one that has not ended says when to look again. */
export function sendVideo(res: Response, job: JobRow): void {
  if (!hasEnded(job)) res.set('openai-poll-after-ms', String(POLL_AFTER_MS))
  res.json(videoObject(job))
}

/** @throws ApiError `video_failed`, `video_not_ready` */
export function assertCompleted(job: JobRow): JobRow & { winningRequestId: string } {
  if (job.status === 'failed') {
    throw new ApiError('video_failed', `The video ${job.id} failed: ${job.errorCode}.`, {
      hint: 'Create it again with POST /v1/videos.',
    })
  }
  const { winningRequestId } = job
  if (job.status !== 'completed' || winningRequestId === null) {
    throw new ApiError('video_not_ready', `The video ${job.id} is ${job.status}.`, {
      hint: `GET /v1/videos/${job.id} shows its progress.`,
    })
  }
  return { ...job, winningRequestId }
}

/** @throws ApiError `video_failed`, `video_not_ready`, `video_expired` */
export function assertContent(job: JobRow): JobRow & { winningRequestId: string } {
  const completed = assertCompleted(job)
  if (job.hasExpired) throw expired(job, 'has expired')
  return completed
}

/** The error for what is no longer there. @param why the end of a sentence about it */
export function expired({ id }: JobRow, why: string, what = 'content'): ApiError {
  return new ApiError('video_expired', `The ${what} of the video ${id} ${why}.`, {
    hint: 'Create the video again with POST /v1/videos.',
  })
}

const COMPLETED_ERRORS = ['video_not_found', 'video_not_ready', 'video_failed'] as const
export const CONTENT_ERRORS = [...COMPLETED_ERRORS, 'video_expired'] as const
