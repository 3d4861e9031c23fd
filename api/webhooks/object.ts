import { z } from 'zod'
import { MAX_WEBHOOK_URL } from '../../base/net/webhook-url.js'
import type { DeliveryRow } from '../../ledger/webhooks/deliveries.js'
import type { WebhookRow } from '../../ledger/webhooks/webhooks.js'
import { oneOf, optional } from '../http/fields.js'

const EVENTS = ['video.completed', 'video.failed'] as const
const seconds = z.int().min(0).meta({ description: 'seconds since 1970' })

export const EXAMPLE_URL = 'https://example.com/hooks/fractal'

const URL_RULE = `must be a URL of 1 to ${MAX_WEBHOOK_URL} characters`
/**
 * For the document: `readWebhookUrl` says of each fault what it is, and also refuses hosts that are not
 * public, which no pattern can.
 */
const URL_PATTERN =
  '^[Hh][Tt][Tt][Pp][Ss]?://[^\\u0000-\\u0020\\u007f-\\u00a0\\\\/?#@%]+([/?][^\\u0000-\\u0020\\u007f-\\u00a0\\\\#]*)?$'
const EVENTS_RULE = `must be a list of ${EVENTS.join(', of ')}, or of both`

export const webhookRequestSchema = z.strictObject({
  url: z
    .string({ error: URL_RULE })
    .min(1, URL_RULE)
    .max(MAX_WEBHOOK_URL, URL_RULE)
    .meta({
      description: 'https, a public name or address, any port; no credentials in it',
      example: EXAMPLE_URL,
      override: { pattern: URL_PATTERN },
    }),
  events: optional(
    z
      .array(oneOf(EVENTS), { error: EVENTS_RULE })
      .min(1, EVENTS_RULE)
      .max(EVENTS.length, EVENTS_RULE)
      .refine((events) => new Set(events).size === events.length, 'must not name an event twice')
      .meta({ override: { uniqueItems: true } }),
  ).meta({ description: 'events to be notified of; default: all' }),
})

export const webhookSchema = z
  .object({
    id: z.string().meta({ example: 'whk_0123456789abcdef01234567' }),
    object: z.literal('webhook'),
    url: z.string(),
    events: z.array(z.enum(EVENTS)),
    created_at: seconds,
    disabled_at: seconds.nullable(),
    disabled_reason: z.enum(['gone', 'too_many_failures', 'key_revoked']).nullable().meta({
      description:
        '`gone`: the receiver answered 410; `too_many_failures`: 20 attempts or more failed one after another, for a day or more; `key_revoked`: with its API key',
    }),
    pending_deliveries: z.int().min(0).meta({
      description:
        'deliveries under way; while there are 100, further events are given up immediately (`too_many_pending`)',
    }),
    old_secret_until: seconds.nullable().meta({
      description: 'until when a secret that was rotated out still signs beside the current one',
    }),
  })
  .meta({ id: 'Webhook' })

export const webhookWithSecretSchema = webhookSchema
  .extend({
    secret: z.string().meta({
      description: 'signing secret; shown in this response and never again',
      example: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
    }),
  })
  .meta({ id: 'WebhookWithSecret' })

export const webhookListSchema = z.object({
  object: z.literal('list'),
  data: z.array(webhookSchema),
})

export const deletedWebhookSchema = z.object({
  id: z.string(),
  object: z.literal('webhook.deleted'),
  deleted: z.literal(true),
})

export const deliverySchema = z
  .object({
    id: z.string().meta({
      description: 'of the event; its header webhook-id in every attempt',
      example: 'evt_0123456789abcdef0123456789abcdef',
    }),
    object: z.literal('webhook.delivery'),
    type: z.enum([...EVENTS, 'webhook.test']),
    created_at: seconds.meta({ description: 'when the event happened' }),
    data: z.object({ id: z.string() }),
    state: z.enum(['pending', 'delivered', 'failed']),
    attempts: z.int().min(0),
    last_status: z
      .int()
      .min(0)
      .nullable()
      .meta({ description: 'HTTP status of the last response' }),
    last_error: z.string().nullable().meta({
      description:
        '`bad_status`, `redirected`, `gone`, `unreachable`, `tls_failed`, `address_refused`, `no_answer`, `late`, `malformed`, `receiver_busy`, `too_many_pending` or `webhook_disabled`',
    }),
    next_try_at: seconds.nullable(),
    ended_at: seconds.nullable(),
  })
  .meta({ id: 'WebhookDelivery' })

export const deliveryListSchema = z.object({
  object: z.literal('list'),
  data: z.array(deliverySchema),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
})

function unixSeconds(date: Date): number {
  return Math.floor(date.getTime() / 1000)
}

function unixSecondsOrNull(date: Date | null): number | null {
  return date === null ? null : unixSeconds(date)
}

/** A webhook as its owner sees it, without its secrets. */
export function webhookObject(row: WebhookRow): z.output<typeof webhookSchema> {
  return {
    id: row.id,
    object: 'webhook',
    url: row.url,
    events: row.events,
    created_at: unixSeconds(row.createdAt),
    disabled_at: unixSecondsOrNull(row.disabledAt),
    disabled_reason: row.disabledReason,
    pending_deliveries: row.pendingDeliveries,
    old_secret_until: unixSecondsOrNull(row.oldSecretUntil),
  }
}

export function deliveryObject(row: DeliveryRow): z.output<typeof deliverySchema> {
  return {
    id: row.eventId,
    object: 'webhook.delivery',
    type: row.type,
    created_at: unixSeconds(row.happenedAt),
    data: { id: row.jobId ?? row.webhookId },
    state: row.state,
    attempts: row.attempts,
    last_status: row.lastStatus,
    last_error: row.lastError,
    next_try_at: unixSecondsOrNull(row.nextTryAt),
    ended_at: unixSecondsOrNull(row.endedAt),
  }
}
