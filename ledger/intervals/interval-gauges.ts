import type { Queryable } from '../database.js'
import type { VerifierId } from '../verifier-id.js'

/** How many of the newest intervals are read: the tables grow by a row per interval. */
const RECENT = 100

export interface GaugeRow {
  gauge: string
  /** '' if the gauge has only one value. */
  label: string
  value: number
}

/**
 * The state of a verifier's intervals, weights and provers, in one query that reads a few hundred rows by
 * key.
 */
export async function intervalGauges(
  db: Queryable,
  { netuid, verifier }: VerifierId,
): Promise<GaugeRow[]> {
  return db.query(
    `WITH recent AS (
       SELECT n, phase, settled_at FROM intervals WHERE netuid = $1 AND verifier = $2
       ORDER BY n DESC LIMIT ${RECENT}
     ), newest AS (
       SELECT coalesce(max(n) FILTER (WHERE phase NOT IN ('announced', 'missed')), 0) AS opened,
         coalesce(max(n) FILTER (WHERE phase = 'settled'), 0) AS settled, max(settled_at) AS settled_at
       FROM recent
     ), weights AS (
       SELECT count(*) FILTER (WHERE state NOT IN ('confirmed', 'done')) AS pending,
         coalesce(max(w.n) FILTER (WHERE state = 'confirmed'), 0) AS confirmed
       FROM weight_sets w, newest
       WHERE netuid = $1 AND verifier = $2 AND w.n > newest.opened - ${RECENT}
     )
     SELECT 'recent' AS gauge, phase AS label, count(*)::float8 AS value FROM recent GROUP BY phase
     UNION ALL SELECT 'opened', '', opened FROM newest
     UNION ALL SELECT 'settled', '', settled FROM newest
     UNION ALL SELECT 'settled_at', '', extract(epoch FROM settled_at)::float8 FROM newest
       WHERE settled_at IS NOT NULL
     UNION ALL SELECT 'weights_pending', '', pending FROM weights
     UNION ALL SELECT 'weights_confirmed', '', confirmed FROM weights
     UNION ALL SELECT 'provers', p.tier, count(*) FROM newest
       JOIN interval_provers i ON i.netuid = $1 AND i.verifier = $2 AND i.n = newest.opened
       JOIN provers p USING (netuid, verifier, hotkey, registered_block) GROUP BY p.tier`,
    [netuid, verifier],
  )
}
