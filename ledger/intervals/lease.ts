import type { Database, Queryable, Tx } from '../database.js'
import { LedgerError } from '../errors.js'
import type { VerifierId } from '../verifier-id.js'

/** Seconds without renewal after which another deployment may take over; by Postgres's clock. */
const LEASE_SECONDS = 15

export type LeaseAnswer = { fence: number } | { heldBy: string; expiresInMs: number }

/**
 * Acquires the right to judge with a hotkey. The same holder gets the same fence again; a new holder gets the
 * next one, once the lease has expired or been released.
 */
export async function acquireLease(
  db: Database,
  id: VerifierId,
  holder: string,
): Promise<LeaseAnswer> {
  const taken = await db.query<{ fence: number }>(
    `INSERT INTO leases AS l (netuid, verifier, holder, fence, expires_at)
     VALUES ($1, $2, $3, 1, clock_timestamp() + make_interval(secs => $4))
     ON CONFLICT (netuid, verifier) DO UPDATE SET
       holder = excluded.holder,
       fence = l.fence + CASE WHEN l.holder = excluded.holder THEN 0 ELSE 1 END,
       expires_at = excluded.expires_at
     WHERE l.holder IS NULL OR l.holder = excluded.holder OR l.expires_at < clock_timestamp()
     RETURNING fence`,
    [id.netuid, id.verifier, holder, LEASE_SECONDS],
  )
  const [mine] = taken
  if (mine !== undefined) return { fence: mine.fence }
  const [other] = await db.query<{ heldBy: string; expiresInMs: number }>(
    `SELECT coalesce(holder, '') AS held_by,
       greatest(0, ceil(extract(epoch FROM expires_at - clock_timestamp()) * 1000))::integer AS expires_in_ms
     FROM leases WHERE netuid = $1 AND verifier = $2`,
    [id.netuid, id.verifier],
  )
  return other!
}

/**
 * Renews the lease. Also true after it has expired, if nobody else has taken it: an outage pauses a
 * deployment but does not end it. False: another holder has it, stop judging.
 */
export async function renewLease(
  db: Queryable,
  id: VerifierId,
  holder: string,
  fence: number,
): Promise<boolean> {
  const renewed = await db.execute(
    `UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => $5)
     WHERE netuid = $1 AND verifier = $2 AND holder = $3 AND fence = $4`,
    [id.netuid, id.verifier, holder, fence, LEASE_SECONDS],
  )
  return renewed === 1
}

/** Releases the lease, so that the next deployment need not wait. Does nothing if somebody else holds it. */
export async function releaseLease(
  db: Queryable,
  id: VerifierId,
  holder: string,
  fence: number,
): Promise<void> {
  await db.execute(
    `UPDATE leases SET holder = NULL, expires_at = clock_timestamp()
     WHERE netuid = $1 AND verifier = $2 AND holder = $3 AND fence = $4`,
    [id.netuid, id.verifier, holder, fence],
  )
}

/**
 * Makes sure that the transaction commits only while `fence` is the newest. The lease's row stays locked
 * until the commit, so nobody can take over between the check and the write; this is also why an expired
 * lease that nobody has taken is still valid. Call it first.
 * @throws LedgerError `lease_lost`
 */
export async function assertFence(tx: Tx, id: VerifierId, fence: number): Promise<void> {
  const held = await tx.query(
    `SELECT 1 FROM leases WHERE netuid = $1 AND verifier = $2 AND fence = $3 AND holder IS NOT NULL FOR SHARE`,
    [id.netuid, id.verifier, fence],
  )
  if (held.length > 0) return
  throw new LedgerError('lease_lost', 'another deployment judges with this hotkey now', {
    hint: 'Stop one of the two verifiers that use this hotkey.',
    details: { netuid: id.netuid, verifier: id.verifier, fence },
  })
}

/** Stores the hotkey's lastUpdate on the chain, as it was when this deployment acquired its lease. */
export async function putBaselineLastUpdate(
  db: Queryable,
  id: VerifierId,
  lastUpdate: number,
): Promise<void> {
  await db.execute(
    `INSERT INTO verifiers (netuid, verifier, baseline_last_update) VALUES ($1, $2, $3)
     ON CONFLICT (netuid, verifier) DO UPDATE SET baseline_last_update = excluded.baseline_last_update`,
    [id.netuid, id.verifier, lastUpdate],
  )
}

/** See putBaselineLastUpdate; null before the first call. */
export async function baselineLastUpdate(db: Queryable, id: VerifierId): Promise<number | null> {
  const [row] = await db.query<{ baselineLastUpdate: number | null }>(
    'SELECT baseline_last_update FROM verifiers WHERE netuid = $1 AND verifier = $2',
    [id.netuid, id.verifier],
  )
  return row?.baselineLastUpdate ?? null
}
