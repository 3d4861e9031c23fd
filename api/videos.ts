import type { Request, Response } from 'express'
import { z } from 'zod'
import { fromHex } from '../formats/bytes.js'
import { requestIdFromBytes } from '../formats/request-id.js'
import { attemptsOf } from '../ledger/attempts.js'
import {
  findRepeat,
  getContent,
  getJob,
  insertJob,
  type JobRow,
  requestCancel,
} from '../ledger/jobs.js'
import { requestCounts } from '../rules/counted.js'
import { sendBytes } from './byte-range.js'
import type { ApiDeps } from './deps.js'
import { ApiError } from './errors.js'
import type { ApiMetrics } from './http-metrics.js'
import { BODY_ERRORS } from './json-body.js'
import { apiKeyId } from './keys.js'
import { type Operation, operation } from './operation.js'
import { startVideo } from './start-video.js'
import { videoObject, videoSchema } from './video-object.js'
import { completeVideoRequest, type VideoRequest, videoRequestSchema } from './video-request.js'

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
  return [
    operation({
      id: 'createVideo',
      method: 'post',
      path: '/v1/videos',
      tag: 'Videos',
      access: 'generate',
      summary: 'Ask for a video',
      body: videoRequestSchema,
      answers: {
        200: {
          description: 'The job that was accepted',
          schema: videoSchema,
          headers: { Location: 'where to look', 'openai-poll-after-ms': 'how soon to look again' },
        },
      },
      errors: [...BODY_ERRORS, 'limit_exceeded', 'model_not_found'],
      run: async ({ body, res }) => {
        const { job, repeated } = await accept(deps, body, apiKeyId(res))
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

/**
 * Stores the job and its generation in one transaction: from here on it is not lost. A request with
 * the client's own seed that this key made before is answered from the store: the same request has
 * the same bytes, so nobody need generate them again.
 */
async function accept(
  deps: ApiDeps,
  request: VideoRequest,
  keyId: string,
): Promise<{ job: JobRow; repeated: boolean }> {
  const params = completeVideoRequest(request, deps.model, deps.limits)
  if (params.seed !== null) {
    const wanted = { ...params, seed: params.seed, apiKeyId: keyId }
    const before = await findRepeat(deps.db, deps.verifierId, wanted)
    if (before !== null) return { job: before, repeated: true }
  }
  const job = await insertJob(deps.db, deps.verifierId, {
    ...params,
    id: `video_${deps.randomHex(12)}`,
    inferenceId: requestIdFromBytes(fromHex(deps.randomHex(16))),
    apiKeyId: keyId,
    // Drawn here, after acceptance, so that nobody can prepare the answer of a request that counts.
    seed: params.seed ?? deps.randomSeed(),
    counted: requestCounts(params, deps.model, params.seed === null),
  })
  return { job, repeated: false }
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
