import type { Queryable, Tx } from '../database.js'
import type { VerifierId } from '../verifier-id.js'

/**
 * Plain weights; a commit, and the reveal of an earlier commit; or a commit that the chain reveals by itself.
 */
export type ExtrinsicStep = 'set' | 'commit' | 'reveal' | 'timelock'

/** Whether the step hides the weights until later. */
export function isCommit({ step }: { step: ExtrinsicStep }): boolean {
  return step === 'commit' || step === 'timelock'
}

export interface NewExtrinsic {
  step: ExtrinsicStep
  hash: string
  /** The signed extrinsic, hex: after a crash these bytes are sent again. */
  bytes: string
  nonce: number
  eraFirst: number
  eraLast: number
  /** For a commit: what the chain stores of it; for a timelocked one, the hash of that. */
  commitHash: string | null
  /** The runtime version it is signed for; null if an older Fractal signed it. */
  specVersion: number | null
}

export interface WeightExtrinsicRow extends NewExtrinsic {
  preparedAt: Date
  submittedAt: Date | null
  includedBlock: number | null
  /** `ok`, the chain's error, or `expired`; null while it may still be included. */
  result: string | null
  /** For a commit in a block: the blocks that may include its reveal. */
  revealFirst: number | null
  revealLast: number | null
}

/** How an extrinsic ended. */
export interface ExtrinsicEnd {
  /** `ok`, the chain's error (both with the block), or `expired`. */
  result: string
  block: { number: number; hash: string } | null
  /** For a successful commit. */
  window?: { revealFirst: number; revealLast: number } | undefined
}

const OF = 'netuid = $1 AND verifier = $2'
const COLUMNS = `step, hash, nonce, era_first, era_last, bytes, commit_hash, spec_version, prepared_at, submitted_at,
  included_block, result, reveal_first, reveal_last`

/** Stores a signed extrinsic before it is sent, once. */
export async function putExtrinsic(
  tx: Tx,
  id: VerifierId,
  n: number,
  extrinsic: NewExtrinsic,
): Promise<void> {
  const { step, hash, nonce, eraFirst, eraLast, bytes, commitHash, specVersion } = extrinsic
  await tx.execute(
    `INSERT INTO weight_extrinsics (netuid, verifier, n, step, hash, nonce, era_first, era_last, bytes, commit_hash,
       spec_version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`,
    [
      id.netuid,
      id.verifier,
      n,
      step,
      hash,
      nonce,
      eraFirst,
      eraLast,
      bytes,
      commitHash,
      specVersion,
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
    `SELECT ${COLUMNS} FROM weight_extrinsics WHERE ${OF} AND n = $3 ORDER BY prepared_at, era_first, hash`,
    [id.netuid, id.verifier, n],
  )
}

/** Extrinsics of any interval that may already be in a block, or may still get into one. */
export async function pendingExtrinsics(
  db: Queryable,
  id: VerifierId,
): Promise<(WeightExtrinsicRow & { n: number })[]> {
  return db.query(
    `SELECT n, ${COLUMNS} FROM weight_extrinsics WHERE ${OF} AND result IS NULL ORDER BY n, prepared_at`,
    [id.netuid, id.verifier],
  )
}

/** Records that the chain accepted the bytes; called again after a resend. */
export async function markSubmitted(
  db: Queryable,
  id: VerifierId,
  n: number,
  hash: string,
): Promise<void> {
  await db.execute(
    `WITH sent AS (
       UPDATE weight_extrinsics SET submitted_at = coalesce(submitted_at, now())
       WHERE ${OF} AND n = $3 AND hash = $4 RETURNING n, step
     )
     UPDATE weight_sets w SET state = CASE WHEN s.step = 'reveal' THEN 'revealing' ELSE 'sent' END, updated_at = now()
     FROM sent s
     WHERE ${OF} AND w.n = s.n AND state = CASE WHEN s.step = 'reveal' THEN 'committed' ELSE 'decided' END`,
    [id.netuid, id.verifier, n, hash],
  )
}

/**
 * Records how an extrinsic ended, once. With `ok`, the weights are committed or included; otherwise they
 * return to the state before sending, so that a new extrinsic can be signed: a refused reveal keeps its
 * commit.
 */
export async function markExtrinsic(
  tx: Tx,
  id: VerifierId,
  n: number,
  hash: string,
  { result, block, window }: ExtrinsicEnd,
): Promise<void> {
  const [ended] = await tx.query<{ step: ExtrinsicStep }>(
    `UPDATE weight_extrinsics SET result = $5, included_block = $6, reveal_first = $7, reveal_last = $8
     WHERE ${OF} AND n = $3 AND hash = $4 AND result IS NULL RETURNING step`,
    [
      id.netuid,
      id.verifier,
      n,
      hash,
      result,
      block?.number ?? null,
      window?.revealFirst ?? null,
      window?.revealLast ?? null,
    ],
  )
  if (ended === undefined) return
  const before = ended.step === 'reveal' ? ['committed', 'revealing'] : ['decided', 'sent']
  if (result === 'ok' && !isCommit(ended)) {
    await tx.execute(
      `UPDATE weight_sets SET state = 'included', included_block = $5, included_hash = $6, updated_at = now()
       WHERE ${OF} AND n = $3 AND state = ANY($4)`,
      [id.netuid, id.verifier, n, before, block?.number ?? null, block?.hash ?? null],
    )
    return
  }
  const committed = ended.step === 'reveal' || result === 'ok'
  await tx.execute(
    `UPDATE weight_sets SET state = $5, reason = $6, updated_at = now()
     WHERE ${OF} AND n = $3 AND state = ANY($4)`,
    [
      id.netuid,
      id.verifier,
      n,
      before,
      committed ? 'committed' : 'decided',
      result === 'ok' ? null : result,
    ],
  )
}

/**
 * Whether a block contains an extrinsic of ours, or the chain revealed a commit of ours in it: the hotkey's
 * lastUpdate may then name that block.
 */
export async function isOurInclusion(
  db: Queryable,
  id: VerifierId,
  block: number,
): Promise<boolean> {
  const rows = await db.query(
    `SELECT 1 FROM weight_extrinsics WHERE ${OF} AND included_block = $3 AND result = 'ok'
     UNION ALL SELECT 1 FROM weight_sets WHERE ${OF} AND included_block = $3 LIMIT 1`,
    [id.netuid, id.verifier, block],
  )
  return rows.length > 0
}
