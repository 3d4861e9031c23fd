import { z } from 'zod'
import { listJobs } from '../../ledger/requests/job-list.js'
import { apiKeyId } from '../auth/key-gate.js'
import type { ApiDeps } from '../deps.js'
import { oneOf, wholeNumberText } from '../http/fields.js'
import { type Operation, operation } from '../http/operation.js'
import { refusedField } from '../http/validate.js'
import { videoObject, videoSchema } from './object.js'
import { videoIdSchema } from './own-video.js'

const DEFAULT_LIMIT = 20
const MAX_LIMIT = 100
/** Of the prompts of a page: it ends with the one that passes it. */
const MAX_TEXT_BYTES = 1_000_000

const query = z.strictObject({
  after: videoIdSchema.optional().meta({ description: '`last_id` of the previous page' }),
  limit: wholeNumberText(MAX_LIMIT)
    .optional()
    .meta({
      description: `1 to ${MAX_LIMIT}; default ${DEFAULT_LIMIT}. Fewer when their prompts exceed 1 MB`,
    }),
  order: oneOf(['asc', 'desc'])
    .optional()
    .meta({ description: 'by time of creation; default `desc`, the newest first' }),
})

export const videoListSchema = z
  .object({
    object: z.literal('list'),
    data: z.array(videoSchema),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .meta({ id: 'VideoList' })

/** `GET /v1/videos`. */
export function listVideosOperation(deps: ApiDeps): Operation {
  return operation({
    id: 'listVideos',
    method: 'get',
    path: '/v1/videos',
    tag: 'Videos',
    access: 'read',
    summary: 'List the videos of this key',
    query,
    answers: { 200: { description: 'A page of them', schema: videoListSchema } },
    errors: ['invalid_request', 'unknown_field', 'video_not_found'],
    run: async ({ query: { after = null, limit = DEFAULT_LIMIT, order = 'desc' }, res }) => {
      const page = { after, limit, order, maxTextBytes: MAX_TEXT_BYTES }
      const found = await listJobs(deps.db, apiKeyId(res), page)
      if (found === null) {
        throw refusedField('after', after, 'must be the id of a video of this API key', {
          code: 'video_not_found',
          hint: 'Use `last_id` of the previous page, or omit it for the first page.',
        })
      }
      const data = found.rows.map(videoObject)
      const list: z.output<typeof videoListSchema> = {
        object: 'list',
        data,
        first_id: data[0]?.id ?? null,
        last_id: data.at(-1)?.id ?? null,
        has_more: found.more,
      }
      res.json(list)
    },
  })
}
