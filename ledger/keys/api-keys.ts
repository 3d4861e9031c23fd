import { randomBytes } from 'node:crypto'
import type { Scope } from '../../base/auth/api-scopes.js'
import { apiSecretHash, drawApiSecret } from '../../base/auth/api-secret.js'
import type { Queryable } from '../database.js'
import { firstOrNull } from '../rows.js'

/** A key's limits; 0: no limit. */
export interface KeyLimits {
  /** Videos requested per minute: a burst of this size, then evenly. */
  readonly requestsPerMinute: number
  /** Videos queued or in progress at once. */
  readonly concurrentVideos: number
  /** Steps × frames × width × height per UTC day. */
  readonly dailyCost: number
}

export interface NewApiKey extends KeyLimits {
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Whether checks may reuse the prompts of its requests. */
  readonly reusePrompts: boolean
}

export interface ApiKeyRow extends NewApiKey {
  /** `key_` and 24 hex. */
  readonly id: string
  readonly createdAt: Date
  /** To the minute. */
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
}

const COLUMNS =
  'id, name, scopes, requests_per_minute, concurrent_videos, daily_cost, reuse_prompts, created_at, last_used_at, revoked_at'

/** Creates a key. Its secret is returned only here: only the hash is stored. */
export async function createApiKey(
  db: Queryable,
  wanted: NewApiKey,
): Promise<{ key: ApiKeyRow; secret: string }> {
  const secret = drawApiSecret()
  const id = `key_${randomBytes(12).toString('hex')}`
  const [key] = await db.query<ApiKeyRow>(
    `INSERT INTO api_keys (id, secret_sha256, name, scopes, requests_per_minute, concurrent_videos, daily_cost, reuse_prompts)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING ${COLUMNS}`,
    [
      id,
      apiSecretHash(secret),
      wanted.name,
      wanted.scopes,
      wanted.requestsPerMinute,
      wanted.concurrentVideos,
      wanted.dailyCost,
      wanted.reusePrompts,
    ],
  )
  return { key: key!, secret }
}

/** The key with this hash of its secret, even if it is revoked; null if there is none. */
export async function findApiKey(db: Queryable, hash: Uint8Array): Promise<ApiKeyRow | null> {
  return firstOrNull(
    await db.query(`SELECT ${COLUMNS} FROM api_keys WHERE secret_sha256 = $1`, [hash]),
  )
}

/** All keys, oldest first. */
export async function listApiKeys(db: Queryable): Promise<ApiKeyRow[]> {
  return db.query(`SELECT ${COLUMNS} FROM api_keys ORDER BY created_at, id`)
}

/**
 * Revokes a key, once, and disables its webhooks, whose pending deliveries are given up.
 * @returns whether it was valid until now, had already been revoked, or never existed
 */
export async function revokeApiKey(
  db: Queryable,
  id: string,
): Promise<'revoked' | 'revoked_before' | 'unknown'> {
  const revoked = await db.query(
    `WITH revoked AS (
       UPDATE api_keys SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL RETURNING id
     ), disabled AS (
       UPDATE webhooks SET disabled_at = now(), disabled_reason = 'key_revoked'
       WHERE api_key_id = (SELECT id FROM revoked) AND disabled_at IS NULL RETURNING id
     ), given_up AS (
       UPDATE webhook_deliveries
       SET state = 'failed', last_error = 'webhook_disabled', next_try_at = NULL, ended_at = now()
       WHERE webhook_id IN (SELECT id FROM disabled) AND state = 'pending'
     )
     SELECT id FROM revoked`,
    [id],
  )
  if (revoked.length === 1) return 'revoked'
  const known = await db.query('SELECT 1 FROM api_keys WHERE id = $1', [id])
  return known.length > 0 ? 'revoked_before' : 'unknown'
}

/**
 * Records that a key is in use, at most once a minute, however many processes call this. It never waits: if a
 * request of the key has locked its row, the next call records it.
 */
export async function recordApiKeyUse(db: Queryable, id: string): Promise<void> {
  await db.execute(
    `UPDATE api_keys SET last_used_at = now() WHERE id = (
       SELECT id FROM api_keys WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
       FOR NO KEY UPDATE SKIP LOCKED)`,
    [id],
  )
}
