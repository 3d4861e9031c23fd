import type { Request, Response } from 'express'
import { z } from 'zod'
import { attemptsOf } from '../ledger/attempts.js'
import { getContent, getJob, type JobRow, requestCancel } from '../ledger/jobs.js'
import { ACCEPT_ERRORS, VideoDesk } from './accept-video.js'
import { sendBytes } from './byte-range.js'
import type { ApiDeps } from './deps.js'
import { ApiError } from './errors.js'
import type { ApiMetrics } from './http-metrics.js'
import { idempotencyHeaders } from './idempotency.js'
import { BODY_ERRORS } from './json-body.js'
import { apiKeyId } from './keys.js'
import { LIMIT_HEADERS } from './limits.js'
import { type Operation, operation } from './operation.js'
import { startVideo } from './start-video.js'
import { videoObject, videoSchema } from './video-object.js'
import { videoRequestSchema } from './video-request.js'

/** How soon a client should look again; the name is the one that OpenAI's clients read. */
const POLL_AFTER_MS = 500
const JOB_ID = /^video_[0-9a-f]{24}$/

const videoId = {
  schema: z.object({
    id: z.string().regex(JOB_ID).meta({ example: 'video_0123456789abcdef01234567' }),
  }),
  code: 'video_not_found' as const,
  message: 'There is no video with this id.',
}

/** `/v1/videos`: create, look, download, cancel. */
export function videoOperations(deps: ApiDeps, metrics: ApiMetrics): Operation[] {
  const desk = new VideoDesk(deps)
  return [
    operation({
      id: 'createVideo',
      method: 'post',
      path: '/v1/videos',
      tag: 'Videos',
      access: 'generate',
      summary: 'Ask for a video',
      headers: idempotencyHeaders,
      body: videoRequestSchema,
      answers: {
        200: {
          description: 'The job that was accepted',
          schema: videoSchema,
          headers: {
            Location: 'where to look',
            'openai-poll-after-ms': 'how soon to look again',
            'Idempotent-Replayed':
              '`true` when an earlier request under this Idempotency-Key made it',
            ...LIMIT_HEADERS,
          },
        },
      },
      errors: [...BODY_ERRORS, ...ACCEPT_ERRORS],
      run: async ({ body, req, res }) => {
        const { job, repeated } = await desk.accept(req, res, body)
        if (repeated) {
          await sendVideo(deps, res, job)
          return
        }
        metrics.accepted.inc({ counted: String(job.counted) })
        deps.log.info({ job: job.id, counted: job.counted }, 'video accepted')
        if (!(await startVideo(deps, job.id))) metrics.deferred.inc()
        res.location(`/v1/videos/${job.id}`)
        await sendVideo(deps, res, job)
      },
    }),
    operation({
      id: 'getVideo',
      method: 'get',
      path: '/v1/videos/{id}',
      tag: 'Videos',
      access: 'read',
      summary: 'Look how far a video is',
      params: videoId,
      answers: { 200: { description: 'The video', schema: videoSchema } },
      errors: ['video_not_found'],
      run: async ({ params, res }) => sendVideo(deps, res, await ownJob(deps, params.id, res)),
    }),
    operation({
      id: 'getVideoContent',
      method: 'get',
      path: '/v1/videos/{id}/content',
      tag: 'Videos',
      access: 'read',
      summary: 'Download a finished video',
      params: videoId,
      query: z.object({ variant: z.enum(['video']).optional() }),
      answers: {
        200: { description: 'The MP4 (H.264)', media: 'video/mp4' },
        206: { description: 'The range that was asked for', media: 'video/mp4' },
        304: { description: 'The client has it already' },
      },
      errors: [
        'invalid_request',
        'video_not_found',
        'video_not_ready',
        'video_failed',
        'video_expired',
        'range_not_satisfiable',
      ],
      run: async ({ params, req, res }) =>
        sendContent(deps, req, res, await ownJob(deps, params.id, res)),
    }),
    operation({
      id: 'cancelVideo',
      method: 'post',
      path: '/v1/videos/{id}/cancel',
      tag: 'Videos',
      access: 'generate',
      summary: 'Stop a video, on the prover’s GPU too',
      description:
        'Of a video that has ended it changes nothing and answers how it ended: a second click is no error.',
      params: videoId,
      answers: { 200: { description: 'The video', schema: videoSchema } },
      errors: ['video_not_found'],
      run: async ({ params, res }) => {
        const { id } = await ownJob(deps, params.id, res)
        await sendVideo(deps, res, (await requestCancel(deps.db, id))!)
      },
    }),
  ]
}

/** The caller's job; another key's is as unknown as one that never was. */
async function ownJob(deps: ApiDeps, id: string, res: Response): Promise<JobRow> {
  const job = await getJob(deps.db, id)
  if (job === null || job.apiKeyId !== apiKeyId(res)) {
    throw new ApiError('video_not_found', 'There is no video with this id.', { param: 'id' })
  }
  return job
}

async function sendVideo(deps: ApiDeps, res: Response, job: JobRow): Promise<void> {
  if (job.status === 'queued' || job.status === 'in_progress') {
    res.set('openai-poll-after-ms', String(POLL_AFTER_MS))
  }
  const attempts = job.winningRequestId === null ? [] : await attemptsOf(deps.db, job.inferenceId)
  const winner = attempts.find((attempt) => attempt.requestId === job.winningRequestId)
  res.json(videoObject(job, winner?.hotkey ?? null))
}

async function sendContent(deps: ApiDeps, req: Request, res: Response, job: JobRow): Promise<void> {
  if (job.status === 'failed') {
    throw new ApiError('video_failed', `The video failed: ${job.errorCode}.`, {
      hint: 'Ask for it again by POST /v1/videos.',
    })
  }
  if (job.status !== 'completed') {
    throw new ApiError('video_not_ready', `The video is ${job.status}.`, {
      hint: `GET /v1/videos/${job.id} says how far it is.`,
    })
  }
  if (job.expiresAt !== null && job.expiresAt.getTime() <= deps.now()) {
    throw new ApiError('video_expired', 'The content of this video has expired.')
  }
  const content = await getContent(deps.db, job.id, 'video')
  if (content === null) {
    throw new ApiError('video_expired', 'The content of this video is no longer stored.')
  }
  res.set({
    'Content-Type': content.mime,
    'Content-Disposition': `inline; filename="${job.id}.mp4"`,
    'Cache-Control': 'private, max-age=3600',
  })
  sendBytes(req, res, Buffer.from(content.bytes), `"${content.sha256}"`)
}
