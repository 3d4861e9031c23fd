import type { Response } from 'express'
import { z } from 'zod'
import { WEBHOOK_SECRET_BYTES, webhookSecretText } from '../../base/auth/webhook-signature.js'
import { readWebhookUrl } from '../../base/net/webhook-url.js'
import { fromHex } from '../../formats/bytes.js'
import { deliveriesOf, insertTestEvent } from '../../ledger/webhooks/deliveries.js'
import {
  deleteWebhook,
  getWebhook,
  insertWebhook,
  rotateSecret,
  type WebhookRow,
  webhooksOfKey,
} from '../../ledger/webhooks/webhooks.js'
import { apiKeyId } from '../auth/key-gate.js'
import type { ApiDeps } from '../deps.js'
import { ApiError } from '../http/errors.js'
import { textLike, wholeNumberText } from '../http/fields.js'
import { BODY_ERRORS } from '../http/json-body.js'
import { nothingAt, type Operation, operation } from '../http/operation.js'
import { refusedField } from '../http/validate.js'
import {
  deletedWebhookSchema,
  deliveryListSchema,
  deliveryObject,
  deliverySchema,
  EXAMPLE_URL,
  webhookListSchema,
  webhookObject,
  webhookRequestSchema,
  webhookSchema,
  webhookWithSecretSchema,
} from './object.js'

const MOST_PER_KEY = 10
/** Each is a signature in every delivery's header. */
const MOST_SECRETS = 5
const MOST_TESTS_A_MINUTE = 10
const DEFAULT_DELIVERIES = 20
const MOST_DELIVERIES = 100

const webhookId = {
  schema: z.object({
    id: textLike(/^whk_[0-9a-f]{24}$/, 'must be the id of a webhook').meta({
      example: 'whk_0123456789abcdef01234567',
    }),
  }),
  code: 'webhook_not_found' as const,
  message: (id: string) => `This API key has no webhook ${id}.`,
  hint: 'GET /v1/webhooks lists the webhooks of this key.',
}

const deliveriesQuery = z.strictObject({
  after: textLike(
    /^evt_[0-9a-f]{32}$/,
    'must be the id of an event: evt_ and 32 hexadecimal digits',
  )
    .optional()
    .meta({ description: '`last_id` of the previous page' }),
  limit: wholeNumberText(MOST_DELIVERIES)
    .optional()
    .meta({ description: `page size; ${DEFAULT_DELIVERIES} by default` }),
})

type Deps = Pick<ApiDeps, 'db' | 'verifierId' | 'allowPrivateWebhooks' | 'randomHex' | 'log'>

/** `/v1/webhooks`: be told when a video has ended. */
export function webhookOperations(deps: Deps): Operation[] {
  const { db } = deps
  const tag = 'Webhooks' as const
  const newSecret = () => fromHex(deps.randomHex(WEBHOOK_SECRET_BYTES))

  return [
    operation({
      id: 'createWebhook',
      method: 'post',
      path: '/v1/webhooks',
      tag,
      access: 'generate',
      summary: 'Get notified when this key’s videos have ended',
      description:
        'Events arrive by POST, signed as in Standard Webhooks. The secret is in this response only.',
      body: webhookRequestSchema,
      // It may hold a secret of the receiver's.
      secretFields: ['url'],
      bodyExample: { url: EXAMPLE_URL },
      answers: { 200: { description: 'The webhook', schema: webhookWithSecretSchema } },
      errors: [...BODY_ERRORS, 'webhook_exists', 'too_many_webhooks'],
      run: async ({ body, res }) => {
        const secret = newSecret()
        const webhook = {
          id: `whk_${deps.randomHex(12)}`,
          apiKeyId: apiKeyId(res),
          url: vetted(deps, body.url),
          events: body.events ?? ['video.completed' as const, 'video.failed' as const],
        }
        const row = await insertWebhook(db, { ...webhook, secret }, MOST_PER_KEY)
        if (row === 'exists') {
          throw new ApiError('webhook_exists', 'This API key already has a webhook for this url.', {
            hint: 'Delete it first, or add a query to the URL.',
            param: 'url',
          })
        }
        if (row === 'full') {
          throw new ApiError(
            'too_many_webhooks',
            `This key has ${MOST_PER_KEY} webhooks, the maximum.`,
            {
              hint: 'Delete one that is no longer needed.',
            },
          )
        }
        deps.log.info({ webhook: row.id }, 'webhook created')
        res.location(`/v1/webhooks/${row.id}`)
        res.json({ ...webhookObject(row), secret: webhookSecretText(secret) })
      },
    }),
    operation({
      id: 'listWebhooks',
      method: 'get',
      path: '/v1/webhooks',
      tag,
      access: 'read',
      summary: 'List this key’s webhooks',
      answers: { 200: { description: 'Oldest first', schema: webhookListSchema } },
      errors: [],
      run: async ({ res }) => {
        const rows = await webhooksOfKey(db, apiKeyId(res))
        res.json({ object: 'list', data: rows.map(webhookObject) })
      },
    }),
    operation({
      id: 'getWebhook',
      method: 'get',
      path: '/v1/webhooks/{id}',
      tag,
      access: 'read',
      summary: 'Get a webhook',
      params: webhookId,
      answers: { 200: { description: 'The webhook', schema: webhookSchema } },
      errors: ['webhook_not_found'],
      run: async ({ params, res }) => {
        res.json(webhookObject(await ownWebhook(deps, params.id, res)))
      },
    }),
    operation({
      id: 'deleteWebhook',
      method: 'delete',
      path: '/v1/webhooks/{id}',
      tag,
      access: 'generate',
      summary: 'Delete a webhook; its pending deliveries are dropped',
      params: webhookId,
      answers: { 200: { description: 'It is gone', schema: deletedWebhookSchema } },
      errors: ['webhook_not_found'],
      run: async ({ params, res }) => {
        const { id } = await ownWebhook(deps, params.id, res)
        if (!(await deleteWebhook(db, id))) throw nothingAt(webhookId, id)
        res.json({ id, object: 'webhook.deleted', deleted: true })
      },
    }),
    operation({
      id: 'testWebhook',
      method: 'post',
      path: '/v1/webhooks/{id}/test',
      tag,
      access: 'generate',
      summary: 'Send a test event now',
      description:
        'Its type is `webhook.test`; it is signed, sent and retried like any other. The list of deliveries shows the result.',
      params: webhookId,
      answers: { 202: { description: 'On its way', schema: deliverySchema } },
      errors: ['webhook_not_found', 'webhook_disabled', 'too_many_tests'],
      run: async ({ params, res }) => {
        const webhook = await ownWebhook(deps, params.id, res)
        if (webhook.disabledAt !== null) {
          throw new ApiError(
            'webhook_disabled',
            `The webhook ${webhook.id} is disabled: ${webhook.disabledReason}.`,
            {
              hint: 'Delete it and create a new one.',
            },
          )
        }
        const eventId = `evt_${deps.randomHex(16)}`
        const delivery = await insertTestEvent(
          db,
          deps.verifierId,
          eventId,
          webhook.id,
          MOST_TESTS_A_MINUTE,
        )
        if (delivery === null) throw nothingAt(webhookId, webhook.id)
        if (delivery === 'often') {
          throw new ApiError(
            'too_many_tests',
            `The webhook ${webhook.id} had ${MOST_TESTS_A_MINUTE} tests within a minute.`,
            { hint: 'Wait a minute.' },
          )
        }
        if (delivery === 'full') {
          throw new ApiError(
            'too_many_tests',
            `Too many deliveries are pending for the webhook ${webhook.id}.`,
            {
              hint: `GET /v1/webhooks/${webhook.id}/deliveries lists them: wait until they have ended.`,
            },
          )
        }
        res.status(202).location(`/v1/webhooks/${webhook.id}/deliveries`)
        res.json(deliveryObject(delivery))
      },
    }),
    operation({
      id: 'rotateWebhookSecret',
      method: 'post',
      path: '/v1/webhooks/{id}/rotate-secret',
      tag,
      access: 'generate',
      summary: 'Rotate the secret; the old one stays valid for 24 hours',
      params: webhookId,
      answers: { 200: { description: 'The new secret', schema: webhookWithSecretSchema } },
      errors: ['webhook_not_found', 'too_many_secrets'],
      run: async ({ params, res }) => {
        const { id } = await ownWebhook(deps, params.id, res)
        const secret = newSecret()
        const row = await rotateSecret(db, id, secret, MOST_SECRETS)
        if (row === null) throw nothingAt(webhookId, id)
        if (row === 'full') {
          throw new ApiError(
            'too_many_secrets',
            `The webhook ${id} has ${MOST_SECRETS} active secrets.`,
            {
              hint: 'Wait until the oldest has expired, or create a new webhook.',
            },
          )
        }
        res.json({ ...webhookObject(row), secret: webhookSecretText(secret) })
      },
    }),
    operation({
      id: 'listWebhookDeliveries',
      method: 'get',
      path: '/v1/webhooks/{id}/deliveries',
      tag,
      access: 'read',
      summary: 'List deliveries: what was delivered, what was not, and why',
      params: webhookId,
      query: deliveriesQuery,
      answers: {
        200: { description: 'Newest first; kept for 30 days', schema: deliveryListSchema },
      },
      errors: ['invalid_request', 'unknown_field', 'webhook_not_found'],
      run: async ({ params, query, res }) => {
        const { id } = await ownWebhook(deps, params.id, res)
        const { after = null, limit = DEFAULT_DELIVERIES } = query
        // One more than asked for tells whether there are more.
        const rows = await deliveriesOf(db, id, { after, limit: limit + 1 })
        const data = rows.slice(0, limit).map(deliveryObject)
        res.json({
          object: 'list',
          data,
          first_id: data[0]?.id ?? null,
          last_id: data.at(-1)?.id ?? null,
          has_more: rows.length > limit,
        })
      },
    }),
  ]
}

/** @throws ApiError `invalid_request` */
function vetted(deps: Deps, text: string): string {
  const url = readWebhookUrl(text, deps.allowPrivateWebhooks)
  if (!('refused' in url)) return url.href
  throw refusedField('url', text, url.refused, { isSecret: true })
}

/** The caller's webhook; another key's is as unknown as one that never was. */
async function ownWebhook(deps: Deps, id: string, res: Response): Promise<WebhookRow> {
  const webhook = await getWebhook(deps.db, id)
  if (webhook === null || webhook.apiKeyId !== apiKeyId(res)) throw nothingAt(webhookId, id)
  return webhook
}
