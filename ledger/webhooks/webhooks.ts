import type { Database, Queryable } from '../database.js'
import { firstOrNull } from '../rows.js'

export type DisabledReason = 'gone' | 'too_many_failures' | 'key_revoked'
export type WebhookEventType = 'video.completed' | 'video.failed'

/** Where a key's owner is notified that videos have ended; without its secrets. */
export interface WebhookRow {
  /** `whk_` and 24 hex. */
  id: string
  apiKeyId: string
  /** May contain the receiver's tokens: never logged. */
  url: string
  events: WebhookEventType[]
  disabledAt: Date | null
  /** `gone`: the receiver answered 410. */
  disabledReason: DisabledReason | null
  /** Pending deliveries: at most 100. */
  pendingDeliveries: number
  /** Until when a rotated-out secret still signs; null if there is none. */
  oldSecretUntil: Date | null
  createdAt: Date
}

/** How long a rotated-out secret still signs alongside the new one, so that receivers can switch over. */
const OLD_SECRET_HOURS = 24

const COLUMNS = `w.id, w.api_key_id, w.url, w.events, w.disabled_at, w.disabled_reason, w.created_at,
  (SELECT count(*) FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.state = 'pending')::integer AS pending_deliveries,
  (SELECT max(expires_at) FROM webhook_secrets s WHERE s.webhook_id = w.id AND s.expires_at > now()) AS old_secret_until`

/**
 * Stores a webhook and its first secret.
 * @returns `full` if this key already has `most` webhooks, `exists` if one of them has this address
 */
export async function insertWebhook(
  db: Database,
  webhook: Pick<WebhookRow, 'id' | 'apiKeyId' | 'url' | 'events'> & { secret: Uint8Array },
  most: number,
): Promise<WebhookRow | 'full' | 'exists'> {
  return db.tx(async (tx) => {
    // One at a time per key: two concurrent inserts would both count one too few.
    await tx.execute(`SELECT pg_advisory_xact_lock(hashtextextended('webhooks of ' || $1, 0))`, [
      webhook.apiKeyId,
    ])
    const others = await webhooksOfKey(tx, webhook.apiKeyId)
    // A disabled one delivers nothing: a new one may replace it.
    if (others.some(({ url, disabledAt }) => url === webhook.url && disabledAt === null)) {
      return 'exists'
    }
    if (others.length >= most) return 'full'
    await tx.execute('INSERT INTO webhooks (id, api_key_id, url, events) VALUES ($1, $2, $3, $4)', [
      webhook.id,
      webhook.apiKeyId,
      webhook.url,
      webhook.events,
    ])
    await tx.execute('INSERT INTO webhook_secrets (webhook_id, secret) VALUES ($1, $2)', [
      webhook.id,
      webhook.secret,
    ])
    return (await getWebhook(tx, webhook.id))!
  })
}

export async function getWebhook(db: Queryable, id: string): Promise<WebhookRow | null> {
  return firstOrNull(await db.query(`SELECT ${COLUMNS} FROM webhooks w WHERE w.id = $1`, [id]))
}

/** Oldest first. */
export async function webhooksOfKey(db: Queryable, apiKeyId: string): Promise<WebhookRow[]> {
  return db.query(
    `SELECT ${COLUMNS} FROM webhooks w WHERE w.api_key_id = $1 ORDER BY w.created_at, w.id`,
    [apiKeyId],
  )
}

/** Deletes a webhook with its secrets and deliveries; pending ones end. */
export async function deleteWebhook(db: Queryable, id: string): Promise<boolean> {
  return (await db.execute('DELETE FROM webhooks WHERE id = $1', [id])) === 1
}

/**
 * Makes `secret` the current one; the previous one still signs alongside it for a day.
 * @returns null if there is no such webhook, `full` if it already has `most` secrets that sign
 */
export async function rotateSecret(
  db: Database,
  id: string,
  secret: Uint8Array,
  most: number,
): Promise<WebhookRow | 'full' | null> {
  return db.tx(async (tx) => {
    const found = await tx.execute('SELECT 1 FROM webhooks WHERE id = $1 FOR NO KEY UPDATE', [id])
    if (found === 0) return null
    await tx.execute('DELETE FROM webhook_secrets WHERE webhook_id = $1 AND expires_at <= now()', [
      id,
    ])
    // Counted, not read: the API may not see them.
    const signing = await tx.execute(`SELECT webhook_id FROM webhook_secrets WHERE ${SIGNS}`, [id])
    if (signing >= most) return 'full'
    await tx.execute(
      `UPDATE webhook_secrets SET expires_at = now() + make_interval(hours => $2)
       WHERE webhook_id = $1 AND expires_at IS NULL`,
      [id, OLD_SECRET_HOURS],
    )
    await tx.execute('INSERT INTO webhook_secrets (webhook_id, secret) VALUES ($1, $2)', [
      id,
      secret,
    ])
    return getWebhook(tx, id)
  })
}

/** SQL condition on the secrets of webhook $1 that still sign. */
const SIGNS = 'webhook_id = $1 AND (expires_at IS NULL OR expires_at > now())'

/** The secrets that a delivery is signed with, the current one first. */
export async function signingSecrets(db: Queryable, webhookId: string): Promise<Uint8Array[]> {
  const rows = await db.query<{ secret: Buffer }>(
    `SELECT secret FROM webhook_secrets WHERE ${SIGNS} ORDER BY id DESC`,
    [webhookId],
  )
  return rows.map(({ secret }) => secret)
}
