import type { Request, Response } from 'express'
import { z } from 'zod'
import { messageOf } from '../../../base/errors.js'
import { type JobRow, requestCancel } from '../../../ledger/requests/jobs.js'
import { tryStartVideo } from '../../../temporal/start/start-video.js'
import { LIMIT_HEADERS } from '../../auth/rate-limit-headers.js'
import { BODY_ERRORS } from '../../http/json-body.js'
import { jsonOrMultipartBody } from '../../http/multipart.js'
import { type Operation, operation } from '../../http/operation.js'
import type { VideoDeps } from '../deps.js'
import { videoSchema } from '../object.js'
import { sendVideo } from '../own-video.js'
import { streamVideo, videoEventSchema } from '../watch/event-stream.js'
import { framesQuery } from '../watch/events.js'
import { ACCEPT_ERRORS, VideoAcceptance } from './accept.js'
import { runDirect } from './direct-run.js'
import { idempotencyHeaders } from './idempotency.js'
import { MAX_WAIT_SECONDS, preferredWait, waitForVideo } from './prefer-wait.js'
import {
  EXAMPLE_PROMPT,
  SECRET_FIELDS,
  VIDEO_FORM,
  videoFormSchema,
  videoRequestSchema,
} from './request.js'
import { refuseUnsupportedFields } from './unsupported.js'

const DESCRIPTION = `
Returns a job immediately and makes the video in the background. With \`Prefer: wait=N\` it returns when the video has ended, or after N seconds; the video is then made at once, as that of a stream, and to its end even if the client leaves. A client whose connection broke finds it by the same \`Idempotency-Key\`.
\`"stream": true\` (or \`Accept: text/event-stream\` alone) it returns the events of \`GET /v1/videos/{id}/events\` instead; closing such a stream cancels the video.

A request counts for the prover that serves it (its successes, totals, speed and reward) when the gateway drew the seed and it has at least the model's standard steps, frames and size: then nobody can have prepared the answer. An own seed is welcome: the request is served and may be checked like any other, and counts for nothing. The same request with the same seed again is answered with the video there is.
`.trim()

/** `POST /v1/videos`. */
export function createVideoOperation(deps: VideoDeps): Operation {
  const desk = new VideoAcceptance(deps)
  return operation({
    id: 'createVideo',
    method: 'post',
    path: '/v1/videos',
    tag: 'Videos',
    access: 'generate',
    summary: 'Create a video',
    description: DESCRIPTION,
    headers: idempotencyHeaders.extend({
      Prefer: z
        .string()
        .optional()
        .meta({
          description: `\`wait=N\`, ${MAX_WAIT_SECONDS} seconds at most: \`wait=30\``,
        }),
    }),
    query: framesQuery,
    body: videoRequestSchema(deps.limits),
    secretFields: SECRET_FIELDS,
    readBody: [...jsonOrMultipartBody(VIDEO_FORM), refuseUnsupportedFields],
    bodyMedia: { 'multipart/form-data': videoFormSchema(deps.limits) },
    bodyExample: { prompt: EXAMPLE_PROMPT },
    answers: {
      200: {
        description: 'The video as it stands; or, as text/event-stream, its events',
        schema: videoSchema,
        events: videoEventSchema,
        headers: {
          Location: 'URL of the video',
          'openai-poll-after-ms': 'milliseconds until the next poll',
          'Preference-Applied': 'the wait that was honoured',
          'Idempotent-Replayed':
            '`true` when an earlier request under this Idempotency-Key made it',
          ...LIMIT_HEADERS,
        },
      },
    },
    errors: [...BODY_ERRORS, 'invalid_multipart', 'unsupported_field', ...ACCEPT_ERRORS],
    run: async ({ body, query, req, res }) => {
      const { job, repeated } = await desk.accept(req, res, body)
      if (!repeated) {
        deps.measured.accepted.inc({ counted: `${job.counted}` })
        deps.log.info({ job: job.id, counted: job.counted }, 'video accepted')
      }
      res.location(`/v1/videos/${job.id}`)
      if (wantsStream(body.stream, req)) {
        await streamNew(deps, req, res, job, { repeated, frames: query.frames !== 'none' })
        return
      }
      const seconds = preferredWait(req)
      // Accepted is accepted: the answer need not wait for Temporal. A start that comes to nothing, or is cut
      // off with this process, is made up for by the inference worker.
      if (!repeated) void (seconds === null ? start(deps, job.id) : runWaited(deps, job.id))
      if (seconds === null) {
        sendVideo(res, job)
        return
      }
      res.set('Preference-Applied', `wait=${seconds}`)
      sendVideo(res, await waitForVideo(deps, res, job, { seconds, repeated }))
    },
  })
}

/**
 * A client that accepts JSON as well, or anything, only says that a stream would not break it; and leaving a
 * stream cancels the video.
 */
function wantsStream(stream: boolean | undefined, req: Request): boolean {
  const accepted = (req.get('accept') ?? '')
    .split(',')
    .map((range) => range.split(';', 1)[0]!.trim().toLowerCase())
  return (
    stream ??
    (accepted.includes('text/event-stream') &&
      !accepted.some((type) => ['application/json', 'application/*', '*/*'].includes(type)))
  )
}

async function start(deps: VideoDeps, jobId: string): Promise<void> {
  if (!(await tryStartVideo(deps, jobId))) deps.measured.deferred.inc()
}

/**
 * Has the video made while a client waits for it: at once, as a stream's. Nobody who stops waiting cancels it. A
 * process that has to end leaves it to its worker, and to the sweep of pending jobs where no worker has taken it yet.
 */
function runWaited(deps: VideoDeps, jobId: string): Promise<void> {
  return runNow(deps, jobId, deps.stopping)
}

/**
 * Has the video made while the client watches. A client that leaves no longer wants it; but a video that was
 * requested before is not this client's alone.
 */
async function streamNew(
  deps: VideoDeps,
  req: Request,
  res: Response,
  job: JobRow,
  { repeated, frames }: { repeated: boolean; frames: boolean },
): Promise<void> {
  const left = new AbortController()
  const run = repeated ? Promise.resolve() : runNow(deps, job.id, left.signal)
  const how = await streamVideo(deps, req, res, job.id, {
    frames,
    after: null,
    until: deps.cut,
    created: repeated ? undefined : job,
  })
  if (how === 'gone' && !repeated) {
    await requestCancel(deps.db, job.id).catch((error: unknown) => {
      deps.log.warn({ job: job.id, reason: messageOf(error) }, 'recording a cancellation failed')
    })
  }
  // A process that has to end leaves the video to its worker; the client finds it at another one.
  if (how !== 'ended') left.abort()
  await run
}

async function runNow(deps: VideoDeps, jobId: string, signal: AbortSignal): Promise<void> {
  if ((await runDirect(deps, jobId, signal)) !== 'ended') await start(deps, jobId)
}
