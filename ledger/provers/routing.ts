import { BREAKER_OUTCOMES, LATENCY_ANSWERS } from '../../rules/constants.js'
import type { ProverKey } from '../../rules/settle/settlement.js'
import type { Tier } from '../../rules/tiers.js'
import type { Queryable } from '../database.js'
import { firstOrNull } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

/** A prover that users' requests may go to, with what was measured of it. */
export interface RoutingCandidateRow extends ProverKey {
  uid: number
  tier: Tier
  reachable: boolean
  axonIp: string
  axonPort: number
  capacity: number
  determinismClass: string
  modelRoot: string
  /** Users' requests of this interval, ended or under way. */
  usedThisInterval: number
  /** Those of them that a second prover began first. */
  outpacedThisInterval: number
  /** Users' requests under way, and challenges. */
  inFlight: number
  /** Lower median of floor(µs · 10^6 / work) over its last answers; null without any. */
  latencyUsPerWork: number | null
  /** Failures since its last success. */
  failuresInARow: number
  /** Milliseconds since the last of them, by the database's clock; null when there was none. */
  failedMsAgo: number | null
  /** A cheat of it was found in the last settled interval or since. */
  caught: boolean
}

/** Which attempts count: conditions on `attempts`, whose $1 and $2 are the verifier. */
interface Counting {
  readonly latency: string
  readonly failures: string
}

/** For the router: users' requests and challenges, as they end. */
const ALL: Counting = { latency: 'true', failures: 'true' }

/**
 * For the public: no challenge of a running interval may move anything. A latency of users' requests
 * alone would not do: what did not move it was a challenge.
 */
const PUBLIC: Counting = {
  latency: `n <= (SELECT max(n) FROM intervals WHERE netuid = $1 AND verifier = $2 AND phase = 'settled')`,
  failures: `kind = 'inference'`,
}

/** What was measured of the provers of the interval that opened last; conditions on p follow. */
const facts = (counting: Counting) => `WITH latest AS (
    SELECT n FROM intervals WHERE netuid = $1 AND verifier = $2 AND opened_at IS NOT NULL ORDER BY n DESC LIMIT 1
  )
  SELECT p.hotkey, p.registered_block, p.uid, p.tier, p.axon_ip, p.axon_port, p.capacity, p.determinism_class,
    p.model_root, used.used_this_interval, used.outpaced_this_interval, used.in_flight, latency.latency_us_per_work,
    failures.failures_in_a_row, failures.failed_ms_ago, p.reachable,
    EXISTS (SELECT 1 FROM verdicts v WHERE v.netuid = $1 AND v.verifier = $2 AND v.hotkey = p.hotkey
      AND v.registered_block = p.registered_block AND v.verdict = 'cheat'
      AND v.n >= (SELECT coalesce(max(n), 0) FROM intervals WHERE netuid = $1 AND verifier = $2 AND phase = 'settled')
    ) AS caught
  FROM interval_provers p
  CROSS JOIN LATERAL (
    SELECT (count(*) FILTER (WHERE kind = 'inference'))::integer AS used_this_interval,
         (count(*) FILTER (WHERE reason = 'outpaced'))::integer AS outpaced_this_interval,
      (count(*) FILTER (WHERE outcome IS NULL
        AND asked_at > clock_timestamp() - make_interval(secs => deadline_ms / 1000.0)))::integer AS in_flight
    FROM attempts
    WHERE netuid = $1 AND verifier = $2 AND (n = p.n OR n IS NULL) AND hotkey = p.hotkey
  ) used
  CROSS JOIN LATERAL (
    SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY us_per_work) AS latency_us_per_work
    FROM (
      SELECT elapsed_us * 1000000 / work AS us_per_work FROM attempts
      WHERE netuid = $1 AND verifier = $2 AND hotkey = p.hotkey AND registered_block = p.registered_block
        AND outcome = 'success' AND ${counting.latency}
      ORDER BY completed_at DESC LIMIT ${LATENCY_ANSWERS}
    ) recent
  ) latency
  CROSS JOIN LATERAL (
    SELECT (count(*) FILTER (WHERE successes_since = 0 AND outcome = 'failure'))::integer AS failures_in_a_row,
      floor(extract(epoch FROM clock_timestamp() - max(completed_at) FILTER (WHERE outcome = 'failure')) * 1000)::bigint AS failed_ms_ago
    FROM (
      SELECT outcome, completed_at, count(*) FILTER (WHERE outcome = 'success')
          OVER (ORDER BY completed_at DESC, request_id) AS successes_since
      FROM (
        SELECT request_id, outcome, completed_at FROM attempts
        WHERE netuid = $1 AND verifier = $2 AND hotkey = p.hotkey AND registered_block = p.registered_block
          AND outcome IN ('success', 'failure') AND ${counting.failures} AND completed_at <= clock_timestamp()
        ORDER BY completed_at DESC, request_id LIMIT ${BREAKER_OUTCOMES}
      ) last
    ) ended
  ) failures
  WHERE p.netuid = $1 AND p.verifier = $2 AND p.n = (SELECT n FROM latest)`

/** The reachable provers of the interval that opened last, by uid; none before the first opened. */
export async function routingCandidates(
  db: Queryable,
  id: VerifierId,
): Promise<RoutingCandidateRow[]> {
  return db.query(
    `${facts(ALL)} AND p.reachable
       AND p.axon_ip IS NOT NULL AND p.axon_port IS NOT NULL AND p.capacity IS NOT NULL
       AND p.determinism_class IS NOT NULL AND p.model_root IS NOT NULL
     ORDER BY p.uid`,
    [id.netuid, id.verifier],
  )
}

/** What is public of one prover, whether it can be routed to or not. */
export type RoutingOverviewRow = Pick<
  RoutingCandidateRow,
  'tier' | 'reachable' | 'latencyUsPerWork' | 'failuresInARow' | 'failedMsAgo'
> & { determinismClass: string | null }

/** Null when the interval that opened last does not have it. */
export async function routingOverview(
  db: Queryable,
  id: VerifierId,
  { hotkey, registeredBlock }: ProverKey,
): Promise<RoutingOverviewRow | null> {
  return firstOrNull(
    await db.query(`${facts(PUBLIC)} AND p.hotkey = $3 AND p.registered_block = $4`, [
      id.netuid,
      id.verifier,
      hotkey,
      registeredBlock,
    ]),
  )
}
