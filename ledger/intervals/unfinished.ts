import type { Queryable } from '../database.js'
import type { VerifierId } from '../verifier-id.js'
import type { IntervalRow } from './intervals.js'

export type UnfinishedInterval = Pick<IntervalRow, 'n' | 'firstBlock' | 'length' | 'phase'>

/**
 * Intervals that have begun and need their workflow to continue, oldest first: not final yet, or settled with
 * weights that are not on the chain while no later interval's are.
 */
export async function unfinishedIntervals(
  db: Queryable,
  { netuid, verifier }: VerifierId,
): Promise<UnfinishedInterval[]> {
  return db.query(
    `SELECT n, first_block, length, phase FROM intervals
     WHERE netuid = $1 AND verifier = $2 AND (phase NOT IN ('settled', 'lapsed', 'missed') OR n IN (
       SELECT n FROM weight_sets WHERE netuid = $1 AND verifier = $2
         AND state NOT IN ('confirmed', 'done')
         AND n > (SELECT coalesce(max(n), 0) FROM weight_sets
           WHERE netuid = $1 AND verifier = $2 AND state IN ('included', 'confirmed'))))
     ORDER BY n`,
    [netuid, verifier],
  )
}
