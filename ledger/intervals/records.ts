import type { Queryable, Tx } from '../database.js'
import { firstOrNull } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'
import { SHOWN_THROUGH } from './shown.js'
import type { WeightSetKind } from './weights.js'

/** A record without its text, which is deleted when it is old; its hash and signature stay. */
export interface RecordRow {
  n: number
  hash: string
  previousHash: string | null
  signature: string | null
  signedAt: Date | null
  /** Whether the text was deleted. */
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

/** A record as everybody may read it. */
export interface PublishedRecord {
  hash: string
  /** Canonical JSON. */
  body: string
  signature: string
  /** What became of its weights. */
  kind: WeightSetKind
  /** The block whose neurons the vector was made for, and the one that shows it; null if none was sent. */
  sentBlock: number | null
  includedBlock: number | null
}

/** The newest record before interval n, whose hash the record of n links to. */
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
 * Of a record `r`, its interval `i` and its weights `w`: everybody may read it, and what is told with it will not
 * change. $1 netuid, $2 verifier.
 */
const IS_PUBLIC = `r.signature IS NOT NULL AND r.body IS NOT NULL AND r.n <= (${SHOWN_THROUGH})
  AND coalesce(w.state, 'done') IN ('decided', 'included', 'confirmed', 'done')
  AND EXISTS (SELECT 1 FROM intervals later
    WHERE later.netuid = $1 AND later.verifier = $2 AND later.n > r.n AND later.phase = 'settled')`

/** Weights that are shown without having been sent never will be: a later interval's are there. */
const KIND = `CASE WHEN w.state = 'decided' THEN 'superseded' ELSE coalesce(w.kind, 'lapsed') END`

const RECORDS = `records r JOIN intervals i USING (netuid, verifier, n) LEFT JOIN weight_sets w USING (netuid, verifier, n)`

/**
 * Interval n's record, once everybody may read it: still stored, signed, all of the interval shown (`shown.ts`), and a
 * later interval settled (mechanism section 7).
 */
export async function publishedRecord(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<PublishedRecord | null> {
  return firstOrNull(
    await db.query(
      `SELECT r.hash, r.body, r.signature, ${KIND} AS kind, (w.input->'block'->>'number')::bigint AS sent_block, w.included_block
       FROM ${RECORDS}
       WHERE r.netuid = $1 AND r.verifier = $2 AND r.n = $3 AND ${IS_PUBLIC}`,
      [id.netuid, id.verifier, n],
    ),
  )
}

/** Whether interval n's record is public. */
export async function isRecordPublic(db: Queryable, id: VerifierId, n: number): Promise<boolean> {
  const found = await db.query(
    `SELECT 1 FROM ${RECORDS} WHERE r.netuid = $1 AND r.verifier = $2 AND r.n = $3 AND ${IS_PUBLIC}`,
    [id.netuid, id.verifier, n],
  )
  return found.length > 0
}

/** A record in a list. */
export interface ListedRecord extends RecordRow {
  /** Whether it is public now. */
  public: boolean
  kind: WeightSetKind | null
  includedBlock: number | null
}

/** Newest first. @param page.before only those with a smaller n */
export async function listRecords(
  db: Queryable,
  id: VerifierId,
  { limit, before }: { limit: number; before?: number },
): Promise<ListedRecord[]> {
  return db.query(
    `SELECT r.n, r.hash, r.previous_hash, r.signature, r.signed_at, r.body IS NULL AS expired,
       coalesce(${IS_PUBLIC}, false) AS public, w.kind, w.included_block
     FROM ${RECORDS}
     WHERE r.netuid = $1 AND r.verifier = $2 AND ($3::integer IS NULL OR r.n < $3)
     ORDER BY r.n DESC LIMIT $4`,
    [id.netuid, id.verifier, before ?? null, limit],
  )
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
