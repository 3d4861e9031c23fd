import { z } from 'zod'
import { encodePng } from '../../../base/png.js'
import { type FrameRow, getFrames } from '../../../ledger/requests/frames.js'
import type { JobRow } from '../../../ledger/requests/jobs.js'
import type { ApiDeps } from '../../deps.js'
import { CACHE_AS_IT_IS, sendBytes } from '../../http/byte-range.js'
import { oneOf } from '../../http/fields.js'
import { type Operation, operation } from '../../http/operation.js'
import { refusedField } from '../../http/validate.js'
import {
  assertContent,
  CONTENT_ERRORS,
  expired,
  ownVideo,
  videoId,
  videoIdSchema,
} from '../own-video.js'
import { unpackFrame } from './frame-previews.js'

const INDEX = /^[1-9]\d{0,5}$/

/** `GET /v1/videos/{id}/frames/{index}`: what the prover signed, without loss. */
export function videoFrameOperation(deps: ApiDeps): Operation {
  return operation({
    id: 'getVideoFrame',
    method: 'get',
    path: '/v1/videos/{id}/frames/{index}',
    tag: 'Videos',
    access: 'read',
    summary: 'One frame of a finished video, as it was delivered',
    description:
      'Lossless and of full size. The digests of a receipt are over height × width × RGB bytes: `?format=rgb` answers with just these (deflated for clients that accept it).',
    params: {
      schema: z.object({
        id: videoIdSchema,
        index: z.string().meta({
          description: 'from 1',
          override: { type: 'integer', minimum: 1, maximum: 999_999 },
        }),
      }),
      code: videoId.code,
      message: videoId.message,
      hint: videoId.hint,
    },
    query: z.strictObject({ format: oneOf(['png', 'rgb']).optional() }),
    answers: {
      200: {
        description: 'The frame: a PNG, or its raw RGB bytes',
        media: 'image/png',
        otherMedia: ['application/octet-stream'],
      },
      206: {
        description: 'The requested range',
        media: 'image/png',
        otherMedia: ['application/octet-stream'],
      },
      304: { description: 'Not modified' },
    },
    errors: [
      'invalid_request',
      'unknown_field',
      'frame_not_found',
      ...CONTENT_ERRORS,
      'range_not_satisfiable',
    ],
    run: async ({ params, query: { format = 'png' }, req, res }) => {
      const video = await ownVideo(deps, params.id, res)
      const index = INDEX.test(params.index) ? Number(params.index) : 0
      if (index < 1 || index > video.frames) {
        throw refusedField('index', params.index, `must be from 1 to ${video.frames}`, {
          code: 'frame_not_found',
          hint: `The video ${video.id} has ${video.frames} frames.`,
        })
      }
      const job = assertContent(video)
      const frame = await storedFrame(deps, job, index)
      const tag = `${job.winningRequestId}-${index}`
      res.set({ 'Cache-Control': CACHE_AS_IT_IS, Vary: 'Accept-Encoding' })
      if (format === 'png') {
        const png = await encodePng(await unpackFrame(frame, job))
        res.set('Content-Type', 'image/png')
        sendBytes(req, res, png, `"${tag}"`)
        return
      }
      res.set('Content-Type', 'application/octet-stream')
      // A client that names no encoding (curl) gets the bytes themselves.
      if (/\bdeflate\b/.test(req.headers['accept-encoding'] ?? '')) {
        res.set('Content-Encoding', 'deflate')
        sendBytes(req, res, Buffer.from(frame.zlib), `"${tag}-deflate"`)
        return
      }
      const { rgb } = await unpackFrame(frame, job)
      sendBytes(req, res, Buffer.from(rgb), `"${tag}-rgb"`)
    },
  })
}

async function storedFrame(
  deps: ApiDeps,
  job: JobRow & { winningRequestId: string },
  index: number,
): Promise<FrameRow> {
  const [frame] = await getFrames(deps.db, job.winningRequestId, { from: index, limit: 1 })
  if (frame?.index === index) return frame
  throw expired(job, 'is no longer stored', 'frame')
}
