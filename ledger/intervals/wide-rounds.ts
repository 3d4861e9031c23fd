import type { ProverKey } from '../../rules/settle/settlement.js'
import type { Queryable, Tx } from '../database.js'
import { batch } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

/** A prover's state when a wide round began. */
export interface WideRoundRow extends ProverKey {
  round: number
  /** Number of GPUs that it declared then. */
  gpus: number
  /** Our requests of any kind that were in flight there. */
  inFlight: string[]
}

/** Stores the state of all provers, in the transaction that begins the round. */
export async function insertWideRound(
  tx: Tx,
  id: VerifierId,
  n: number,
  rows: readonly WideRoundRow[],
): Promise<void> {
  // As a string per row: PostgreSQL would unnest an array of arrays completely.
  const flat = rows.map((row) => ({ ...row, inFlight: `{${row.inFlight.join(',')}}` }))
  const columns = { round: 'integer', hotkey: 'text', registeredBlock: 'bigint', gpus: 'integer' }
  const { source, params } = batch<(typeof flat)[number]>({ ...columns, inFlight: 'text' }, flat, 4)
  await tx.execute(
    `INSERT INTO wide_rounds (netuid, verifier, n, round, hotkey, registered_block, gpus, in_flight)
     SELECT $1, $2, $3, round, hotkey, registered_block, gpus, in_flight::uuid[] FROM ${source}`,
    [id.netuid, id.verifier, n, ...params],
  )
}

/** The provers of a wide round; empty before it began. */
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
