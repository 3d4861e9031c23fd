import type { Queryable, Tx } from './database.js'
import { firstOrNull } from './rows.js'
import type { VerifierId } from './verifier-id.js'

export const WEIGHT_SET_KINDS = [
  'weights',
  'none',
  'infeasible',
  'disabled',
  'superseded',
  'lapsed',
] as const

export type WeightSetKind = (typeof WEIGHT_SET_KINDS)[number]

export const WEIGHT_SET_STATES = [
  /** Stored, nothing signed or nothing sent yet. */
  'decided',
  'sent',
  /** In a finalized block. */
  'included',
  /** Read back. */
  'confirmed',
  /** There is nothing to send. */
  'done',
] as const

export type WeightSetState = (typeof WEIGHT_SET_STATES)[number]

export interface NewWeightSet {
  kind: WeightSetKind
  uids: readonly number[]
  values: readonly number[]
  /** What the vector was computed from. */
  input: unknown
  reason: string | null
}

export interface WeightSetRow extends NewWeightSet {
  n: number
  uids: number[]
  values: number[]
  state: WeightSetState
  includedBlock: number | null
  includedHash: string | null
  readBackOk: boolean | null
  updatedAt: Date
}

export interface NewExtrinsic {
  hash: string
  /** The signed extrinsic, hex: after a crash these bytes are sent again. */
  bytes: string
  nonce: number
  eraFirst: number
  eraLast: number
}

export interface WeightExtrinsicRow extends NewExtrinsic {
  preparedAt: Date
  submittedAt: Date | null
  includedBlock: number | null
  /** `ok`, the chain's error, or `expired`; null while it may still be included. */
  result: string | null
}

const OF = 'netuid = $1 AND verifier = $2'

/** Stores the weights decided for interval n, once. @returns what stands */
export async function decideWeights(
  tx: Tx,
  id: VerifierId,
  n: number,
  set: NewWeightSet,
): Promise<WeightSetRow> {
  await tx.execute(
    `INSERT INTO weight_sets (netuid, verifier, n, kind, uids, values, input, reason, state)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $4 = 'weights' THEN 'decided' ELSE 'done' END)
     ON CONFLICT DO NOTHING`,
    [
      id.netuid,
      id.verifier,
      n,
      set.kind,
      set.uids,
      set.values,
      JSON.stringify(set.input ?? null),
      set.reason,
    ],
  )
  return (await weightSet(tx, id, n))!
}

/**
 * Puts the vector that is about to be signed in place of the decided one: the chain may have given a
 * uid to another hotkey since. Only while nothing that stands on the chain was made of the old one.
 */
export async function replaceWeights(
  tx: Tx,
  id: VerifierId,
  n: number,
  set: NewWeightSet,
): Promise<void> {
  await tx.execute(
    `UPDATE weight_sets SET kind = $4, uids = $5, values = $6, input = $7, reason = $8, updated_at = now(),
       state = CASE WHEN $4 = 'weights' THEN state ELSE 'done' END
     WHERE ${OF} AND n = $3 AND kind = 'weights' AND state IN ('decided', 'sent')`,
    [
      id.netuid,
      id.verifier,
      n,
      set.kind,
      set.uids,
      set.values,
      JSON.stringify(set.input ?? null),
      set.reason,
    ],
  )
}

export async function weightSet(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<WeightSetRow | null> {
  return firstOrNull(
    await db.query(
      `SELECT n, kind, uids, values, input, state, reason, included_block, included_hash, read_back_ok, updated_at
       FROM weight_sets WHERE ${OF} AND n = $3`,
      [id.netuid, id.verifier, n],
    ),
  )
}

/** Stores a signed extrinsic before it is sent, once. */
export async function putExtrinsic(
  tx: Tx,
  id: VerifierId,
  n: number,
  extrinsic: NewExtrinsic,
): Promise<void> {
  await tx.execute(
    `INSERT INTO weight_extrinsics (netuid, verifier, n, hash, nonce, era_first, era_last, bytes)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
    [
      id.netuid,
      id.verifier,
      n,
      extrinsic.hash,
      extrinsic.nonce,
      extrinsic.eraFirst,
      extrinsic.eraLast,
      extrinsic.bytes,
    ],
  )
}

/** Oldest first. */
export async function extrinsicsOf(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<WeightExtrinsicRow[]> {
  return db.query(
    `SELECT hash, nonce, era_first, era_last, bytes, prepared_at, submitted_at, included_block, result
     FROM weight_extrinsics WHERE ${OF} AND n = $3 ORDER BY prepared_at, era_first, hash`,
    [id.netuid, id.verifier, n],
  )
}

/** Extrinsics of any interval that may stand in a block already, or still get into one. */
export async function pendingExtrinsics(
  db: Queryable,
  id: VerifierId,
): Promise<(WeightExtrinsicRow & { n: number })[]> {
  return db.query(
    `SELECT n, hash, nonce, era_first, era_last, bytes, prepared_at, submitted_at, included_block, result
     FROM weight_extrinsics WHERE ${OF} AND result IS NULL ORDER BY n, prepared_at`,
    [id.netuid, id.verifier],
  )
}

/** Notes that the chain took the bytes; again for a resend. */
export async function markSubmitted(
  db: Queryable,
  id: VerifierId,
  n: number,
  hash: string,
): Promise<void> {
  await db.execute(
    `WITH sent AS (
       UPDATE weight_extrinsics SET submitted_at = coalesce(submitted_at, now())
       WHERE ${OF} AND n = $3 AND hash = $4 RETURNING n
     )
     UPDATE weight_sets SET state = 'sent', updated_at = now()
     WHERE ${OF} AND n IN (SELECT n FROM sent) AND state = 'decided'`,
    [id.netuid, id.verifier, n, hash],
  )
}

/**
 * Notes how an extrinsic ended, once: `ok`, the chain's error (both with the block), or `expired`. With
 * `ok` the weights are included; otherwise they are as before sending, so that a new one can be signed.
 */
export async function markExtrinsic(
  tx: Tx,
  id: VerifierId,
  n: number,
  hash: string,
  end: { result: string; block: { number: number; hash: string } | null },
): Promise<void> {
  const ended = await tx.execute(
    `UPDATE weight_extrinsics SET result = $5, included_block = $6
     WHERE ${OF} AND n = $3 AND hash = $4 AND result IS NULL`,
    [id.netuid, id.verifier, n, hash, end.result, end.block?.number ?? null],
  )
  if (ended === 0) return
  if (end.result === 'ok') {
    await tx.execute(
      `UPDATE weight_sets SET state = 'included', included_block = $4, included_hash = $5, updated_at = now()
       WHERE ${OF} AND n = $3 AND state IN ('decided', 'sent')`,
      [id.netuid, id.verifier, n, end.block?.number ?? null, end.block?.hash ?? null],
    )
  } else {
    await tx.execute(
      `UPDATE weight_sets SET state = 'decided', reason = $4, updated_at = now()
       WHERE ${OF} AND n = $3 AND state IN ('decided', 'sent')`,
      [id.netuid, id.verifier, n, end.result],
    )
  }
}

/** Notes whether the chain stores what was sent. */
export async function markConfirmed(
  db: Queryable,
  id: VerifierId,
  n: number,
  readBackOk: boolean,
): Promise<void> {
  await db.execute(
    `UPDATE weight_sets SET state = 'confirmed', read_back_ok = $4, reason = NULL, updated_at = now()
     WHERE ${OF} AND n = $3 AND state = 'included'`,
    [id.netuid, id.verifier, n, readBackOk],
  )
}

/** The newest interval whose weights were sent and may stand on the chain, or null. */
export async function newestSentN(db: Queryable, id: VerifierId): Promise<number | null> {
  const [row] = await db.query<{ n: number | null }>(
    `SELECT max(n) AS n FROM weight_sets WHERE ${OF} AND state IN ('sent', 'included', 'confirmed')`,
    [id.netuid, id.verifier],
  )
  return row?.n ?? null
}

/** Gives up weights that were never included, because newer ones were sent. */
export async function supersede(db: Queryable, id: VerifierId, n: number): Promise<void> {
  await db.execute(
    `UPDATE weight_sets SET kind = 'superseded', state = 'done', reason = 'weights of a later interval were sent',
       updated_at = now()
     WHERE ${OF} AND n = $3 AND kind = 'weights' AND state = 'decided'`,
    [id.netuid, id.verifier, n],
  )
}

/** The blocks that hold extrinsics of ours: values that the hotkey's lastUpdate may have. */
export async function knownInclusionBlocks(db: Queryable, id: VerifierId): Promise<number[]> {
  const rows = await db.query<{ includedBlock: number }>(
    `SELECT included_block FROM weight_extrinsics WHERE ${OF} AND included_block IS NOT NULL ORDER BY included_block`,
    [id.netuid, id.verifier],
  )
  return rows.map((row) => row.includedBlock)
}
