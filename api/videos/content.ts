import { createHash } from 'node:crypto'
import type { Request, Response } from 'express'
import { z } from 'zod'
import { encodePng, PREVIEW_SIDE, shrink } from '../../base/png.js'
import { getFrames } from '../../ledger/requests/frames.js'
import { type ContentRow, getContent, type JobRow } from '../../ledger/requests/jobs.js'
import type { ApiDeps } from '../deps.js'
import { CACHE_AS_IT_IS, sendBytes } from '../http/byte-range.js'
import { oneOf } from '../http/fields.js'
import { type Operation, operation } from '../http/operation.js'
import { assertContent, CONTENT_ERRORS, expired, ownVideo, videoId } from './own-video.js'
import { unpackFrame } from './watch/frame-previews.js'

const VARIANTS = ['video', 'thumbnail'] as const
type Variant = (typeof VARIANTS)[number]

const FILE = { video: 'mp4', thumbnail: 'png' } as const satisfies Record<Variant, string>

const query = z.strictObject({
  variant: oneOf(VARIANTS, '; spritesheets are not supported')
    .optional()
    .meta({ description: '`video`: the MP4 (H.264); `thumbnail`: a PNG of its middle frame' }),
})

/** `GET /v1/videos/{id}/content`. */
export function videoContentOperation(deps: ApiDeps): Operation {
  return operation({
    id: 'getVideoContent',
    method: 'get',
    path: '/v1/videos/{id}/content',
    tag: 'Videos',
    access: 'read',
    summary: 'Download a finished video',
    description:
      'The MP4 is for people. What a prover signed are the frames: `GET /v1/videos/{id}/frames/{index}` has them as they were delivered.',
    params: videoId,
    query,
    answers: {
      200: {
        description: 'The MP4 (H.264); as `thumbnail`, a PNG',
        media: 'video/mp4',
        otherMedia: ['image/png'],
      },
      206: {
        description: 'The requested range',
        media: 'video/mp4',
        otherMedia: ['image/png'],
      },
      304: { description: 'Not modified' },
    },
    errors: ['invalid_request', 'unknown_field', ...CONTENT_ERRORS, 'range_not_satisfiable'],
    run: async ({ params, query: { variant = 'video' }, req, res }) => {
      const job = assertContent(await ownVideo(deps, params.id, res))
      const stored = await getContent(deps.db, job.id, variant)
      const content = stored ?? (variant === 'thumbnail' ? await makeThumbnail(deps, job) : null)
      if (content === null) throw expired(job, 'is no longer stored')
      send(req, res, content, `${job.id}.${FILE[variant]}`)
    },
  })
}

/** Of a video that was finished before thumbnails were stored. */
async function makeThumbnail(
  deps: ApiDeps,
  job: JobRow & { winningRequestId: string },
): Promise<ContentRow | null> {
  const from = Math.floor(job.frames / 2) + 1
  const [frame] = await getFrames(deps.db, job.winningRequestId, { from, limit: 1 })
  if (frame === undefined) return null
  const bytes = await encodePng(shrink(await unpackFrame(frame, job), PREVIEW_SIDE))
  return { mime: 'image/png', bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function send(req: Request, res: Response, content: ContentRow, filename: string): void {
  res.set({
    'Content-Type': content.mime,
    'Content-Disposition': `inline; filename="${filename}"`,
    'Cache-Control': CACHE_AS_IT_IS,
  })
  sendBytes(req, res, Buffer.from(content.bytes), `"${content.sha256}"`)
}
