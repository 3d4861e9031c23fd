import type { Queryable, Tx } from '../database.js'
import { firstOrNull } from '../rows.js'
import { type Admission, admit, type KeyUse } from './limits.js'

const LIMITED = '(requests_per_minute > 0 OR concurrent_videos > 0 OR daily_cost > 0)'

/** A key's usage of its limits, by Postgres's clock; null if it has none. */
export async function readKeyUse(db: Queryable, keyId: string): Promise<KeyUse | null> {
  return firstOrNull(
    await db.query(
      `SELECT requests_per_minute, concurrent_videos, daily_cost, bucket_full_at_us,
         floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now_us,
         CASE WHEN cost_day < (clock_timestamp() AT TIME ZONE 'UTC')::date THEN 0 ELSE cost_used END AS cost_used,
         CASE WHEN concurrent_videos = 0 THEN 0 ELSE
           (SELECT count(*) FROM jobs j WHERE j.api_key_id = k.id AND j.status IN ('queued', 'in_progress'))
         END::integer AS running
       FROM api_keys k WHERE id = $1 AND ${LIMITED}`,
      [keyId],
    ),
  )
}

/**
 * Counts a video against its key's limits, or refuses it, in the transaction that stores the video: what is
 * not stored is not counted. The key's row is locked until that transaction ends, so the limits are exact
 * however many processes accept requests. A key without limits locks nothing.
 * @param cost steps × frames × width × height
 * @returns null when the key has no limits
 */
export async function admitVideo(tx: Tx, keyId: string, cost: number): Promise<Admission | null> {
  // A separate statement, so that the next one sees what was committed while this one waited.
  await tx.execute(`SELECT 1 FROM api_keys WHERE id = $1 AND ${LIMITED} FOR NO KEY UPDATE`, [keyId])
  const use = await readKeyUse(tx, keyId)
  if (use === null) return null
  const admission = admit(use, cost)
  if (admission.admitted) {
    await tx.execute(
      `UPDATE api_keys SET bucket_full_at_us = $2, cost_used = $3,
         cost_day = greatest(cost_day, (to_timestamp($4::double precision / 1000000) AT TIME ZONE 'UTC')::date)
       WHERE id = $1`,
      [keyId, admission.use.bucketFullAtUs, admission.use.costUsed, use.nowUs],
    )
  }
  return admission
}
