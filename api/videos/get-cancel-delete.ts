import { z } from 'zod'
import { deleteJob, requestCancel } from '../../ledger/requests/jobs.js'
import type { ApiDeps } from '../deps.js'
import { type Operation, operation } from '../http/operation.js'
import { videoSchema } from './object.js'
import { ownVideo, sendVideo, videoId } from './own-video.js'

const deletedSchema = z
  .object({ id: z.string(), object: z.literal('video.deleted'), deleted: z.literal(true) })
  .meta({ id: 'DeletedVideo' })

/** Looking at a video, stopping it, deleting it. */
export function videoLifeOperations(deps: ApiDeps): Operation[] {
  return [
    operation({
      id: 'getVideo',
      method: 'get',
      path: '/v1/videos/{id}',
      tag: 'Videos',
      access: 'read',
      summary: 'Get a video',
      params: videoId,
      answers: {
        200: {
          description: 'The video',
          schema: videoSchema,
          headers: {
            'openai-poll-after-ms': 'milliseconds until the next poll, until it has ended',
          },
        },
      },
      errors: ['video_not_found'],
      run: async ({ params, res }) => sendVideo(res, await ownVideo(deps, params.id, res)),
    }),
    operation({
      id: 'cancelVideo',
      method: 'post',
      path: '/v1/videos/{id}/cancel',
      tag: 'Videos',
      access: 'generate',
      summary: 'Cancel a video, on the prover’s GPU too',
      description:
        'It then ends as `failed` with `error.code` `cancelled`. Of a video that has ended it changes nothing and answers how it ended: cancelling twice is not an error.',
      params: videoId,
      answers: { 200: { description: 'The video', schema: videoSchema } },
      errors: ['video_not_found'],
      run: async ({ params, res }) => {
        const { id } = await ownVideo(deps, params.id, res)
        sendVideo(res, (await requestCancel(deps.db, id))!)
      },
    }),
    operation({
      id: 'deleteVideo',
      method: 'delete',
      path: '/v1/videos/{id}',
      tag: 'Videos',
      access: 'generate',
      summary: 'Delete a video',
      description:
        'The video is gone for everybody; a running one is stopped. Its MP4 and thumbnail are removed immediately, its frames unless they may still be judged. What its prover was sent and signed stays with the verifier.',
      params: videoId,
      answers: { 200: { description: 'Deleted', schema: deletedSchema } },
      errors: ['video_not_found'],
      run: async ({ params, res }) => {
        const { id } = await ownVideo(deps, params.id, res)
        await deleteJob(deps.db, id)
        const deleted: z.output<typeof deletedSchema> = {
          id,
          object: 'video.deleted',
          deleted: true,
        }
        res.json(deleted)
      },
    }),
  ]
}
