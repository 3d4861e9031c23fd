import { z } from 'zod'
import { oneOf } from '../../http/fields.js'
import { type Operation, operation } from '../../http/operation.js'
import { setSseHeaders } from '../../http/sse.js'
import type { VideoDeps } from '../deps.js'
import { hasEnded, ownVideo, videoId } from '../own-video.js'
import { ENDED_ID, readCursor, streamVideo, videoEventSchema } from './event-stream.js'

export const framesQuery = z.strictObject({
  frames: oneOf(['all', 'none'])
    .optional()
    .meta({ description: 'of a stream of events: `none` leaves out the frames' }),
})

/** `GET /v1/videos/{id}/events`. */
export function videoEventsOperation(deps: VideoDeps): Operation {
  return operation({
    id: 'watchVideo',
    method: 'get',
    path: '/v1/videos/{id}/events',
    tag: 'Videos',
    access: 'read',
    summary: 'Stream the progress of a video',
    description:
      'Server-sent events until the video has ended; of one that has, the last event immediately. Leaving changes nothing. Frames are previews; a prover that fails is replaced, and the frames begin again under another `attempt`.',
    params: videoId,
    query: framesQuery,
    headers: z.object({
      'Last-Event-ID': z
        .string()
        .optional()
        .meta({ description: 'id of the last event received: only later frames are sent' }),
    }),
    answers: {
      200: { description: 'The events', events: videoEventSchema },
      204: { description: 'The stream is complete: do not reconnect' },
    },
    errors: ['invalid_request', 'unknown_field', 'video_not_found'],
    run: async ({ params, query, req, res }) => {
      const job = await ownVideo(deps, params.id, res)
      const last = req.get('last-event-id')
      if (last === ENDED_ID && hasEnded(job)) {
        // Without it browsers would reconnect every second.
        res.status(204).end()
        return
      }
      if (req.method === 'HEAD') {
        setSseHeaders(res)
        res.end()
        return
      }
      await streamVideo(deps, req, res, job.id, {
        frames: query.frames !== 'none',
        after: readCursor(last),
        until: deps.stopping,
      })
    },
  })
}
