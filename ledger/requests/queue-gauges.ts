import type { Queryable } from '../database.js'
import { firstOrNull } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

export interface QueueGauges {
  /** Videos that no prover has accepted yet. */
  queued: number
  inProgress: number
  /** Time since the oldest queued one was requested; 0 if none is queued. */
  oldestQueuedSeconds: number
  /** Webhook deliveries that have not ended. */
  deliveries: number
}

/** What users are waiting for, read from partial indexes of just these rows. */
export async function queueGauges(
  db: Queryable,
  { netuid, verifier }: VerifierId,
): Promise<QueueGauges> {
  const row = firstOrNull(
    await db.query<QueueGauges>(
      `SELECT count(*) FILTER (WHERE status = 'queued')::float8 AS queued,
         count(*) FILTER (WHERE status = 'in_progress')::float8 AS in_progress,
         coalesce(extract(epoch FROM now() - min(j.created_at) FILTER (WHERE status = 'queued')), 0)::float8
           AS oldest_queued_seconds,
         (SELECT count(*)::float8 FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id
          WHERE d.state = 'pending' AND e.netuid = $1 AND e.verifier = $2) AS deliveries
       FROM jobs j JOIN inference_requests i ON i.job_id = j.id
       WHERE i.netuid = $1 AND i.verifier = $2 AND j.status IN ('queued', 'in_progress')`,
      [netuid, verifier],
    ),
  )
  return row!
}
