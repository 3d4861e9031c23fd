import type { Queryable } from '../database.js'
import type { VerifierId } from '../verifier-id.js'
import type { IntervalRow } from './intervals.js'

export interface UnfinishedInterval
  extends Pick<IntervalRow, 'n' | 'firstBlock' | 'length' | 'phase'> {
  /** Judged or given up, and nothing of its weights to be done: only its record lacks the signature, the last step. */
  onlyUnsigned: boolean
}

/**
 * Intervals that have begun and need their workflow to continue, oldest first: not final yet, or settled with
 * weights that are not on the chain while no later interval's are, or with a record that was not signed.
 */
export async function unfinishedIntervals(
  db: Queryable,
  { netuid, verifier }: VerifierId,
): Promise<UnfinishedInterval[]> {
  return db.query(
    `SELECT n, first_block, length, phase, only_unsigned FROM (
       SELECT n, first_block, length, phase, phase IN ('settled', 'lapsed', 'missed') AND n NOT IN (
         SELECT n FROM weight_sets WHERE netuid = $1 AND verifier = $2
           AND state NOT IN ('confirmed', 'done')
           AND n > (SELECT coalesce(max(n), 0) FROM weight_sets
             WHERE netuid = $1 AND verifier = $2 AND state IN ('included', 'confirmed'))
       ) AS only_unsigned
       FROM intervals WHERE netuid = $1 AND verifier = $2) i
     WHERE NOT only_unsigned OR n IN (
       SELECT n FROM records WHERE netuid = $1 AND verifier = $2 AND signature IS NULL)
     ORDER BY n`,
    [netuid, verifier],
  )
}
