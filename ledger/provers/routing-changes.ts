import type { IntervalBlocks } from '../../rules/interval-time.js'
import type { OpenRequest } from '../../rules/routing/route-facts.js'
import type { ProverKey } from '../../rules/settle/settlement.js'
import type { Tier } from '../../rules/tiers.js'
import type { Queryable } from '../database.js'
import { camelRow } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

/**
 * What the router needs to know about a prover of the newest interval. Times are milliseconds by the
 * database's clock.
 */
export interface RoutingRow extends ProverKey {
  /** Whether users' requests may go to it at all: it has answered and reported its facts. */
  routable: boolean
  tier: Tier
  capacity: number
  axonIp: string
  axonPort: number
  determinismClass: string
  modelRoot: string
  /** The range of blocks in which it was last sent a user's request; null when it never was. */
  blockRange: number | null
  /** Users' requests in that range, finished or in progress. */
  used: number
  /** Those of them that a hedge began first. */
  outpaced: number
  /** Lower median of floor(µs · 10^6 / work) over its last answers; null without any. */
  usPerWork: number | null
  measuredMs: number | null
  /** Failures since its last success. */
  failuresInARow: number
  failedMs: number | null
  /** Checks passed since its last cheat; null while none was found. */
  passedSinceCheat: number | null
  /** Proven capacity at its last settlement, in millionths of a GPU; null if there was none. */
  provenPpm: number | null
  refusedUntilMs: number | null
  pausedUntilMs: number | null
  /** Requests of every kind, with the time of their deadline. */
  openRequests: OpenRequest[]
}

/** How up to date a copy of the router's rows is. */
export interface RoutingCursor {
  /** The interval that opened last; null before the first. */
  n: number | null
  /** The oldest transaction that was running when it was read: later writes may be missing. */
  transaction: string
}

export interface RoutingChanges {
  cursor: RoutingCursor
  /** The database's clock. */
  nowMs: number
  /** Whether the interval that opened last follows a settled one: only then can any capacity be proven. */
  anySettled: boolean
  /**
   * floor(µs · 10^6 / work) that the plan of the interval that opened last stands on: what its checks' deadlines are
   * made from. Null without one.
   */
  planUsPerWork: number | null
  /** The cold price that it stands on, µs. Null without one. */
  planColdUs: number | null
  /** The interval announced last; null before the first. */
  newest: (IntervalBlocks & { n: number }) | null
  rows: RoutingRow[]
}

const MS = (column: string) => `floor(extract(epoch FROM ${column}) * 1000)::bigint`

/** Each row is read as one JSON array, because the driver takes longer for columns than for JSON. */
const CELLS = {
  hotkey: 'p.hotkey',
  registered_block: 'p.registered_block',
  routable: `p.reachable AND p.axon_ip IS NOT NULL AND p.axon_port IS NOT NULL AND p.capacity IS NOT NULL
    AND p.determinism_class IS NOT NULL AND p.model_root IS NOT NULL`,
  tier: 'p.tier',
  capacity: 'p.capacity',
  axon_ip: 'p.axon_ip',
  axon_port: 'p.axon_port',
  determinism_class: 'p.determinism_class',
  model_root: 'p.model_root',
  block_range: 'r.block_range',
  used: 'coalesce(r.used, 0)',
  outpaced: 'coalesce(r.outpaced, 0)',
  us_per_work: 'r.us_per_work',
  measured_ms: MS('r.measured_at'),
  failures_in_a_row: 'coalesce(r.failures_in_a_row, 0)',
  failed_ms: MS('r.last_failure_at'),
  passed_since_cheat: 'r.passed_since_cheat',
  proven_ppm: 'r.proven_ppm',
  refused_until_ms: MS('r.refused_until'),
  paused_until_ms: MS('r.paused_until'),
  open_requests: `(
    SELECT coalesce(json_agg(json_build_object(
      'askedMs', ${MS('a.asked_at')}, 'untilMs', ${MS('a.asked_at')} + a.deadline_ms)), '[]')
    FROM attempts a
    WHERE a.netuid = $1 AND a.verifier = $2 AND a.hotkey = p.hotkey AND a.registered_block = p.registered_block
      AND a.outcome IS NULL AND a.asked_at > clock_timestamp() - interval '1 day')`,
}

/**
 * Everything visible is older than the snapshot's end; the redundant bound tells the planner that the range
 * is narrow, which it can't know for a cached plan.
 */
const SINCE =
  'changed >= (SELECT changed FROM since) AND changed < pg_snapshot_xmax(pg_current_snapshot())'

// The LIMITs keep these index lookups: otherwise the planner may join whole tables even if few rows changed.
const CHANGES = `
  WITH opened AS (
    SELECT n, opened_after FROM intervals
    WHERE netuid = $1 AND verifier = $2 AND opened_at IS NOT NULL ORDER BY n DESC LIMIT 1
  ), since AS (
    SELECT CASE WHEN (SELECT n FROM opened) = $3 THEN $4::xid8 ELSE '0'::xid8 END AS changed
  ), changed AS (
    SELECT hotkey, registered_block FROM prover_routing
    WHERE netuid = $1 AND verifier = $2 AND ${SINCE}
    UNION
    SELECT hotkey, registered_block FROM interval_provers
    WHERE netuid = $1 AND verifier = $2 AND n = (SELECT n FROM opened) AND ${SINCE}
  )
  SELECT (SELECT n FROM opened) AS n, coalesce((SELECT opened_after IS NOT NULL FROM opened), false) AS any_settled, pg_snapshot_xmin(pg_current_snapshot())::text AS transaction,
    ${MS('clock_timestamp()')} AS now_ms,
    (SELECT gpu_us_per_work FROM plans WHERE netuid = $1 AND verifier = $2 AND n = (SELECT n FROM opened)) AS plan_us_per_work,
    (SELECT gpu_cold_us FROM plans WHERE netuid = $1 AND verifier = $2 AND n = (SELECT n FROM opened)) AS plan_cold_us,
    (SELECT json_build_object('n', n, 'firstBlock', first_block, 'length', length) FROM intervals
     WHERE netuid = $1 AND verifier = $2 ORDER BY n DESC LIMIT 1) AS newest,
    (SELECT json_agg(json_build_array(${Object.values(CELLS).join(', ')}))
     FROM changed
     CROSS JOIN LATERAL (
       SELECT * FROM interval_provers p WHERE p.netuid = $1 AND p.verifier = $2 AND p.n = (SELECT n FROM opened)
         AND p.hotkey = changed.hotkey AND p.registered_block = changed.registered_block LIMIT 1
     ) p
     LEFT JOIN LATERAL (
       SELECT * FROM prover_routing r WHERE r.netuid = $1 AND r.verifier = $2
         AND r.hotkey = p.hotkey AND r.registered_block = p.registered_block LIMIT 1
     ) r ON true) AS rows`

/**
 * The rows of the newest interval's provers that may have changed since a copy was read; all of them if
 * another interval has opened since, or `since` is null. Some may be unchanged.
 */
export async function routingChanges(
  db: Queryable,
  id: VerifierId,
  since: RoutingCursor | null,
): Promise<RoutingChanges> {
  const [found] = await db.query<{
    n: number | null
    transaction: string
    nowMs: number
    anySettled: boolean
    planUsPerWork: number | null
    planColdUs: number | null
    newest: RoutingChanges['newest']
    rows: unknown[][] | null
  }>(CHANGES, [id.netuid, id.verifier, since?.n ?? null, since?.transaction ?? '0'], {
    prepare: 'routing-changes',
  })
  const { n, transaction, rows, ...more } = found!
  return {
    cursor: { n, transaction },
    ...more,
    rows: camelRow<RoutingRow>(Object.keys(CELLS), rows ?? []),
  }
}
