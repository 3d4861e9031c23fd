import type { ProverKey } from '../../rules/settle/settlement.js'
import type { Queryable, Tx } from '../database.js'
import { batch } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

/** What a wide round found of a prover when it asked every one. */
export interface WideRoundRow extends ProverKey {
  round: number
  /** Declared then. */
  gpus: number
  /** Our requests in flight there then, of any kind. */
  inFlight: string[]
}

/** Stores what a wide round found, in the transaction that begins it. */
export async function insertWideRound(
  tx: Tx,
  id: VerifierId,
  n: number,
  rows: readonly WideRoundRow[],
): Promise<void> {
  // An array for each row: PostgreSQL unnests those of all rows into one.
  const flat = rows.map((row) => ({ ...row, inFlight: `{${row.inFlight.join(',')}}` }))
  const columns = { round: 'integer', hotkey: 'text', registeredBlock: 'bigint', gpus: 'integer' }
  const { source, params } = batch<(typeof flat)[number]>({ ...columns, inFlight: 'text' }, flat, 4)
  await tx.execute(
    `INSERT INTO wide_rounds (netuid, verifier, n, round, hotkey, registered_block, gpus, in_flight)
     SELECT $1, $2, $3, round, hotkey, registered_block, gpus, in_flight::uuid[] FROM ${source}`,
    [id.netuid, id.verifier, n, ...params],
  )
}

/** What a wide round found; nothing before it began. */
export async function wideRound(
  db: Queryable,
  id: VerifierId,
  n: number,
  round: number,
): Promise<WideRoundRow[]> {
  return db.query(
    `SELECT round, hotkey, registered_block, gpus, in_flight::text[] AS in_flight FROM wide_rounds
     WHERE netuid = $1 AND verifier = $2 AND n = $3 AND round = $4 ORDER BY hotkey, registered_block`,
    [id.netuid, id.verifier, n, round],
  )
}
