import type { Queryable, Tx } from '../database.js'
import { firstOrNull } from '../rows.js'

/** An Idempotency-Key of one API key, and a hash of what the request asks for. */
export interface IdempotentRequest {
  readonly keyId: string
  readonly idempotencyKey: string
  readonly requestSha256: Uint8Array
}

/**
 * Locks an Idempotency-Key for this transaction. The lock ends with the transaction, even if the process
 * dies: no key is ever stuck.
 * @returns false while another transaction holds it
 */
export async function lockIdempotencyKey(tx: Tx, request: IdempotentRequest): Promise<boolean> {
  const [row] = await tx.query<{ locked: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtextextended('idempotency/' || $1::text || '/' || $2::text, 0)) AS locked`,
    [request.keyId, request.idempotencyKey],
  )
  return row!.locked
}

/**
 * The job created with an Idempotency-Key in the last 24 hours, and by which request; null if there is none.
 */
export async function idempotentJob(
  db: Queryable,
  { keyId, idempotencyKey }: IdempotentRequest,
): Promise<{ jobId: string; requestSha256: Uint8Array } | null> {
  return firstOrNull(
    await db.query(
      `SELECT job_id, request_sha256 FROM idempotency_keys
       WHERE api_key_id = $1 AND idempotency_key = $2 AND created_at > now() - interval '24 hours'`,
      [keyId, idempotencyKey],
    ),
  )
}

/** Records the job created with an Idempotency-Key, replacing a row that is too old to match. */
export async function recordIdempotentJob(
  tx: Tx,
  { keyId, idempotencyKey, requestSha256 }: IdempotentRequest,
  jobId: string,
): Promise<void> {
  await tx.execute(
    `INSERT INTO idempotency_keys (api_key_id, idempotency_key, request_sha256, job_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (api_key_id, idempotency_key) DO UPDATE SET
       request_sha256 = excluded.request_sha256, job_id = excluded.job_id, created_at = excluded.created_at`,
    [keyId, idempotencyKey, requestSha256, jobId],
  )
}

/** Deletes rows that are too old to match, at most `most`. @returns how many */
export async function deleteOldIdempotencyKeys(db: Queryable, most: number): Promise<number> {
  return db.execute(
    `DELETE FROM idempotency_keys WHERE (api_key_id, idempotency_key) IN (
       SELECT api_key_id, idempotency_key FROM idempotency_keys
       WHERE created_at <= now() - interval '24 hours' LIMIT $1 FOR UPDATE SKIP LOCKED)`,
    [most],
  )
}

/** Serialises requests of one key for one seed: the second finds the job of the first. */
export async function lockSeed(tx: Tx, keyId: string, seed: number): Promise<void> {
  await tx.query(
    `SELECT pg_advisory_xact_lock(hashtextextended('seed/' || $1::text || '/' || $2::bigint, 0))`,
    [keyId, seed],
  )
}
