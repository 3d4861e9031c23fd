import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'

const event = (type: string, of: string) =>
  z
    .object({
      id: z.string().meta({ description: 'the same in every attempt, as the header webhook-id' }),
      object: z.literal('event'),
      type: z.literal(type),
      created_at: z.int().min(0).meta({ description: 'seconds since 1970' }),
      data: z.object({ id: z.string().meta({ description: of }) }),
    })
    .meta({ description: 'OpenAI’s event' })

const headers = z.object({
  'webhook-id': z.string(),
  'webhook-timestamp': z.string().meta({ description: 'of this attempt, seconds since 1970' }),
  'webhook-signature': z.string().meta({
    description:
      '`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; several are separated by spaces',
  }),
})

function webhook(type: string, summary: string, of: string): ZodOpenApiPathsObject[string] {
  return {
    post: {
      tags: ['Webhooks'],
      summary,
      security: [],
      requestParams: { header: headers },
      requestBody: { content: { 'application/json': { schema: event(type, of) } } },
      responses: {
        '2XX': { description: 'Delivered' },
        '410': { description: 'The webhook is disabled: no more events' },
        default: { description: 'Retried, up to ten times in three days' },
      },
    },
  }
}

/** What receivers get, for the OpenAPI document. */
export const webhookDocument: ZodOpenApiPathsObject = {
  'video.completed': webhook('video.completed', 'A video is finished', 'of the video'),
  'video.failed': webhook('video.failed', 'A video failed or was cancelled', 'of the video'),
  'webhook.test': webhook('webhook.test', 'A test was requested', 'of the webhook'),
}
