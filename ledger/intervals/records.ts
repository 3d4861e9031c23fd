import type { Queryable, Tx } from '../database.js'
import { firstOrNull } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

/** A record without its text, which is removed for its age; its hash and signature stay. */
export interface RecordRow {
  n: number
  hash: string
  previousHash: string | null
  signature: string | null
  signedAt: Date | null
  /** The text was removed. */
  expired: boolean
}

const COLUMNS = 'n, hash, previous_hash, signature, signed_at, body IS NULL AS expired'

export async function recordOf(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<RecordRow | null> {
  return firstOrNull(
    await db.query(
      `SELECT ${COLUMNS} FROM records WHERE netuid = $1 AND verifier = $2 AND n = $3`,
      [id.netuid, id.verifier, n],
    ),
  )
}

/** Canonical JSON, without its signature; null when there is none, or when it was removed for its age. */
export async function recordBody(db: Queryable, id: VerifierId, n: number): Promise<string | null> {
  const [row] = await db.query<{ body: string | null }>(
    'SELECT body FROM records WHERE netuid = $1 AND verifier = $2 AND n = $3',
    [id.netuid, id.verifier, n],
  )
  return row?.body ?? null
}

/** The newest record before interval n: its hash is what the record of n links to. */
export async function previousRecord(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<RecordRow | null> {
  return firstOrNull(
    await db.query(
      `SELECT ${COLUMNS} FROM records WHERE netuid = $1 AND verifier = $2 AND n < $3 ORDER BY n DESC LIMIT 1`,
      [id.netuid, id.verifier, n],
    ),
  )
}

/**
 * Whether everybody may read interval n's record: still stored, signed, its weights on the chain in the open or
 * given up, and a later interval settled (mechanism section 7). Before, others could copy the weights.
 */
export async function isRecordPublic(db: Queryable, id: VerifierId, n: number): Promise<boolean> {
  const found = await db.query(
    `SELECT 1 FROM records r JOIN weight_sets w USING (netuid, verifier, n)
     WHERE r.netuid = $1 AND r.verifier = $2 AND n = $3 AND r.signature IS NOT NULL AND r.body IS NOT NULL
       AND w.state IN ('included', 'confirmed', 'done')
       AND EXISTS (SELECT 1 FROM intervals i
         WHERE i.netuid = $1 AND i.verifier = $2 AND i.n > $3 AND i.phase = 'settled')`,
    [id.netuid, id.verifier, n],
  )
  return found.length > 0
}

/** Stores an interval's record, once; it never changes. */
export async function putRecord(
  tx: Tx,
  id: VerifierId,
  n: number,
  record: { body: string; hash: string; previousHash: string | null },
): Promise<void> {
  await tx.execute(
    `INSERT INTO records (netuid, verifier, n, body, hash, previous_hash) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT DO NOTHING`,
    [id.netuid, id.verifier, n, record.body, record.hash, record.previousHash],
  )
}

/** Stores the signature over the record's hash, once. */
export async function signRecord(
  db: Queryable,
  id: VerifierId,
  n: number,
  signature: string,
): Promise<void> {
  await db.execute(
    `UPDATE records SET signature = $4, signed_at = now()
     WHERE netuid = $1 AND verifier = $2 AND n = $3 AND signature IS NULL`,
    [id.netuid, id.verifier, n, signature],
  )
}
