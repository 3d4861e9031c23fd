import { z } from 'zod'
import type { WeightInput } from '../../rules/settle/weights.js'
import type { Queryable, Tx } from '../database.js'
import { jsonRows } from '../json-rows.js'
import { firstOrNull } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

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
  /** Stored; nothing signed or nothing sent yet. */
  'decided',
  /** The pool accepted it: plain weights, or a commit. */
  'sent',
  /** The commit is in a finalized block; the reveal waits for its window. */
  'committed',
  /** The pool accepted the reveal. */
  'revealing',
  /** In a finalized block, for everybody to see. */
  'included',
  /** Read back. */
  'confirmed',
  /** There is nothing to send. */
  'done',
] as const

export type WeightSetState = (typeof WEIGHT_SET_STATES)[number]

/** The scores that a vector is computed from, again when it is signed, and the chain's state. */
export interface WeighedInput
  extends Pick<WeightInput, 'scores' | 'neurons' | 'ownUid' | 'standingCheats'> {
  readonly [fact: string]: unknown
}

export interface NewWeightSet {
  kind: WeightSetKind
  uids: readonly number[]
  values: readonly number[]
  /** What the vector was computed from; null if there is none. */
  input: WeighedInput | null
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
  /** For the newest commit in a block: that block, and the blocks that may include its reveal; else null. */
  commitBlock: number | null
  revealFirst: number | null
  revealLast: number | null
  /** Uids that belonged to another hotkey when the reveal of a commit was due. */
  changedUids: number[]
  updatedAt: Date
}

/** What a commit hides in addition to the vector. */
export interface CommitSecret {
  salt: number[]
  versionKey: number
}

const OF = 'netuid = $1 AND verifier = $2'

const querySets = jsonRows<WeightSetRow>('weight_sets', (row) => row.n, {
  input: z
    .looseObject({
      scores: z.array(
        z.looseObject({
          hotkey: z.string(),
          uid: z.int().min(0),
          scorePpm: z.int(),
        }),
      ),
      neurons: z.array(z.looseObject({ uid: z.int().min(0), hotkey: z.string() })),
      ownUid: z.int().min(0).nullable(),
      standingCheats: z.array(z.string()),
    })
    .nullable(),
})

/** Stores the weights decided for interval n, once. @returns the stored ones */
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
      JSON.stringify(set.input),
      set.reason,
    ],
  )
  return (await weightSet(tx, id, n))!
}

/**
 * Replaces the decided vector with the one about to be signed: the chain may have given a uid to another
 * hotkey since. Only while nothing on the chain was made from the old one: a commit can only be revealed with
 * the vector, salt and version key that it was made from.
 * @param secret of a commit; null for plain weights
 */
export async function replaceWeights(
  tx: Tx,
  id: VerifierId,
  n: number,
  set: NewWeightSet,
  secret: CommitSecret | null,
): Promise<void> {
  await tx.execute(
    `UPDATE weight_sets SET kind = $4, uids = $5, values = $6, input = $7, reason = $8, salt = $9,
       version_key = $10, updated_at = now(), state = CASE WHEN $4 = 'weights' THEN state ELSE 'done' END
     WHERE ${OF} AND n = $3 AND kind = 'weights' AND state IN ('decided', 'sent')`,
    [
      id.netuid,
      id.verifier,
      n,
      set.kind,
      set.uids,
      set.values,
      JSON.stringify(set.input),
      set.reason,
      secret?.salt ?? null,
      secret?.versionKey ?? null,
    ],
  )
}

/** The secret of the newest commit. Kept out of WeightSetRow, which is shown to people. */
export async function commitSecret(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<CommitSecret | null> {
  return firstOrNull(
    await db.query(
      `SELECT salt, version_key FROM weight_sets WHERE ${OF} AND n = $3 AND salt IS NOT NULL`,
      [id.netuid, id.verifier, n],
    ),
  )
}

export async function weightSet(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<WeightSetRow | null> {
  return firstOrNull(
    await querySets(
      db,
      `SELECT n, kind, uids, values, input, state, reason, w.included_block, included_hash, read_back_ok,
         c.included_block AS commit_block, c.reveal_first, c.reveal_last, changed_uids, updated_at
       FROM weight_sets w LEFT JOIN LATERAL (
         SELECT included_block, reveal_first, reveal_last FROM weight_extrinsics e
         WHERE (e.netuid, e.verifier, e.n) = (w.netuid, w.verifier, w.n) AND step IN ('commit', 'timelock') AND result = 'ok'
         ORDER BY included_block DESC LIMIT 1
       ) c ON true
       WHERE ${OF} AND n = $3`,
      [id.netuid, id.verifier, n],
    ),
  )
}

/** Records whether the chain stores what was sent; null if that could no longer be read. */
export async function markConfirmed(
  db: Queryable,
  id: VerifierId,
  n: number,
  readBackOk: boolean | null,
): Promise<void> {
  await db.execute(
    `UPDATE weight_sets SET state = 'confirmed', read_back_ok = $4, reason = NULL, updated_at = now()
     WHERE ${OF} AND n = $3 AND state = 'included'`,
    [id.netuid, id.verifier, n, readBackOk],
  )
}

const SHOWN_STATES: readonly WeightSetState[] = ['revealing', 'included', 'confirmed']

/** The newest interval that has weights, sent or not; or null. */
export function newestWeightsN(db: Queryable, id: VerifierId): Promise<number | null> {
  return newestIn(db, id, ['decided', 'sent', 'committed', ...SHOWN_STATES])
}

/** The newest interval whose weights everybody can see, or could at any moment; or null. */
export function newestShownN(db: Queryable, id: VerifierId): Promise<number | null> {
  return newestIn(db, id, SHOWN_STATES)
}

async function newestIn(
  db: Queryable,
  id: VerifierId,
  states: readonly WeightSetState[],
): Promise<number | null> {
  const [row] = await db.query<{ n: number | null }>(
    `SELECT max(n) AS n FROM weight_sets WHERE ${OF} AND state = ANY($3)`,
    [id.netuid, id.verifier, states],
  )
  return row?.n ?? null
}

/**
 * Gives up weights that were never shown, because there are newer ones. A commit of them is then never
 * revealed.
 */
export async function supersede(db: Queryable, id: VerifierId, n: number): Promise<void> {
  await db.execute(
    `UPDATE weight_sets SET kind = 'superseded', state = 'done', updated_at = now(),
       reason = 'replaced by the weights of a later interval'
     WHERE ${OF} AND n = $3 AND kind = 'weights' AND state IN ('decided', 'committed')`,
    [id.netuid, id.verifier, n],
  )
}

/** Records uids that now belong to another hotkey than the one that the committed weights are for. */
export async function noteChangedUids(
  tx: Tx,
  id: VerifierId,
  n: number,
  uids: readonly number[],
): Promise<void> {
  await tx.execute(
    `UPDATE weight_sets SET updated_at = now(),
       changed_uids = ARRAY(SELECT DISTINCT unnest(changed_uids || $4::integer[]) ORDER BY 1)
     WHERE ${OF} AND n = $3`,
    [id.netuid, id.verifier, n, uids],
  )
}

/** Whether weights before n were given up after their hotkeys changed, with none shown since. */
export async function wereWithheldBefore(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<boolean> {
  const [row] = await db.query<{ n: number }>(
    `SELECT n FROM weight_sets WHERE ${OF} AND n < $3 AND n > $4
       AND kind = 'superseded' AND changed_uids <> '{}' LIMIT 1`,
    [id.netuid, id.verifier, n, (await newestShownN(db, id)) ?? 0],
  )
  return row !== undefined
}

/** Records the block in which the chain revealed the commit. */
export async function markShown(
  db: Queryable,
  id: VerifierId,
  n: number,
  block: { number: number; hash: string },
): Promise<void> {
  await db.execute(
    `UPDATE weight_sets SET state = 'included', included_block = $4, included_hash = $5, reason = NULL, updated_at = now()
     WHERE ${OF} AND n = $3 AND state = 'committed'`,
    [id.netuid, id.verifier, n, block.number, block.hash],
  )
}

/** An interval whose weights the chain will still reveal by itself, at this block or later; or null. */
export async function timelockedN(
  db: Queryable,
  id: VerifierId,
  block: number,
): Promise<{ n: number; revealLast: number } | null> {
  return firstOrNull(
    await db.query(
      `SELECT n, reveal_last FROM weight_sets JOIN weight_extrinsics e USING (netuid, verifier, n)
       WHERE ${OF} AND state = 'committed' AND step = 'timelock' AND result = 'ok' AND e.reveal_last >= $3
       ORDER BY n LIMIT 1`,
      [id.netuid, id.verifier, block],
    ),
  )
}

/** The intervals with a commit in a block that was not found to be revealed, nor given up; oldest first. */
export async function committedNs(db: Queryable, id: VerifierId): Promise<number[]> {
  const rows = await db.query<{ n: number }>(
    `SELECT n FROM weight_sets WHERE ${OF} AND state = 'committed' ORDER BY n`,
    [id.netuid, id.verifier],
  )
  return rows.map(({ n }) => n)
}

/** Records that the commit can no longer be revealed: new weights may be signed in its place. */
export async function loseCommit(
  db: Queryable,
  id: VerifierId,
  n: number,
  reason: string,
): Promise<void> {
  await db.execute(
    `UPDATE weight_sets SET state = 'decided', reason = $4, updated_at = now()
     WHERE ${OF} AND n = $3 AND state = 'committed'`,
    [id.netuid, id.verifier, n, reason],
  )
}
