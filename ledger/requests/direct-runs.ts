import type { Queryable } from '../database.js'
import type { VerifierId } from '../verifier-id.js'

/**
 * Claims a queued job that nobody runs, for an inference worker that runs it on an open connection.
 * @param aheadMs how long the claim lasts, by the ledger's clock, unless renewed
 * @returns false if the job can't be claimed: it is unknown, ended, or claimed by somebody else
 */
export async function claimDirect(
  db: Queryable,
  id: VerifierId,
  jobId: string,
  aheadMs: number,
): Promise<boolean> {
  const claimed = await db.execute(
    `UPDATE jobs j SET direct_until = clock_timestamp() + make_interval(secs => $4::double precision / 1000)
     FROM inference_requests r
     WHERE j.id = $3 AND r.id = j.inference_id AND r.netuid = $1 AND r.verifier = $2
       AND j.status = 'queued' AND j.workflow_started_at IS NULL
       AND (j.direct_until IS NULL OR j.direct_until < clock_timestamp())`,
    [id.netuid, id.verifier, jobId, aheadMs],
    { prepare: 'claim-direct' },
  )
  return claimed === 1
}

/** Renews the claim; does nothing if the job has ended. */
export async function renewDirect(db: Queryable, jobId: string, aheadMs: number): Promise<void> {
  await db.execute(
    `UPDATE jobs SET direct_until = clock_timestamp() + make_interval(secs => $2::double precision / 1000)
     WHERE id = $1 AND status IN ('queued', 'in_progress')`,
    [jobId, aheadMs],
  )
}

/** Releases the claim before the job has ended: its workflow takes over. */
export async function releaseDirect(db: Queryable, jobId: string): Promise<void> {
  await db.execute(
    `UPDATE jobs SET direct_until = clock_timestamp()
     WHERE id = $1 AND status IN ('queued', 'in_progress')`,
    [jobId],
  )
}

/** @returns the ids of those jobs that their users have cancelled */
export async function cancelRequestedAmong(
  db: Queryable,
  jobIds: readonly string[],
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    'SELECT id FROM jobs WHERE id = ANY ($1) AND cancel_requested_at IS NOT NULL',
    [jobIds],
    { prepare: 'cancel-requested' },
  )
  return rows.map(({ id }) => id)
}
