import { BREAKER_OUTCOMES, LATENCY_ANSWERS } from '../../rules/constants.js'
import type { ProverKey } from '../../rules/settle/settlement.js'
import type { Queryable } from '../database.js'
import { firstOrNull } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

/** What is needed to contact a prover. */
export interface AxonRow extends ProverKey {
  axonIp: string
  axonPort: number
  determinismClass: string
  modelRoot: string
}

/** One of those that can be asked, and whose it is. */
export interface KnownAxonRow extends AxonRow {
  coldkey: string
}

/** The interval that opened last. */
const LATEST = `SELECT n FROM intervals WHERE netuid = $1 AND verifier = $2 AND opened_at IS NOT NULL
  ORDER BY n DESC LIMIT 1`

/** The addresses of the provers that can be asked, optionally only of `hotkeys`. */
export async function proverAxons(
  db: Queryable,
  id: VerifierId,
  hotkeys: readonly string[] | null,
): Promise<KnownAxonRow[]> {
  return db.query(
    `SELECT hotkey, registered_block, coldkey, axon_ip, axon_port, determinism_class, model_root FROM interval_provers
     WHERE netuid = $1 AND verifier = $2 AND n = (${LATEST}) AND ($3::text[] IS NULL OR hotkey = ANY ($3)) AND reachable
       AND axon_ip IS NOT NULL AND axon_port IS NOT NULL AND determinism_class IS NOT NULL AND model_root IS NOT NULL`,
    [id.netuid, id.verifier, hotkeys],
  )
}

/** The public routing state of one prover, whether it can be routed to or not. */
export interface RoutingOverviewRow {
  determinismClass: string | null
  reachable: boolean
  /** Lower median of floor(µs · 10^6 / work) over its last answers; null without any. */
  latencyUsPerWork: number | null
  /** Failures since its last success. */
  failuresInARow: number
  /** Milliseconds since the last of them, by the database's clock; null when there was none. */
  failedMsAgo: number | null
}

/**
 * For the public: no challenge of a running interval may move anything. A latency of users' requests alone
 * would not do: what did not move it was a challenge. So it is read from the attempts, not from what the
 * router goes by; those of the newest intervals first, as an index has them. Null when the interval that
 * opened last does not have the prover.
 * @param throughN no answer of a later interval is in the latency
 */
export async function routingOverview(
  db: Queryable,
  id: VerifierId,
  { hotkey, registeredBlock }: ProverKey,
  throughN: number,
): Promise<RoutingOverviewRow | null> {
  return firstOrNull(
    await db.query(
      `SELECT p.determinism_class, p.reachable, latency.latency_us_per_work, failures.failures_in_a_row,
         failures.failed_ms_ago
       FROM interval_provers p
       CROSS JOIN LATERAL (
         SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY us_per_work) AS latency_us_per_work
         FROM (
           SELECT elapsed_us * 1000000 / work AS us_per_work FROM attempts
           WHERE netuid = $1 AND verifier = $2 AND hotkey = p.hotkey AND registered_block = p.registered_block
             AND outcome = 'success' AND n <= $5
           ORDER BY n DESC, completed_at DESC LIMIT ${LATENCY_ANSWERS}
         ) recent
       ) latency
       CROSS JOIN LATERAL (
         SELECT (count(*) FILTER (WHERE successes_since = 0 AND outcome = 'failure'))::integer AS failures_in_a_row,
           floor(extract(epoch FROM clock_timestamp() - max(completed_at) FILTER (WHERE outcome = 'failure')) * 1000)::bigint
             AS failed_ms_ago
         FROM (
           SELECT outcome, completed_at, count(*) FILTER (WHERE outcome = 'success')
               OVER (ORDER BY completed_at DESC, request_id) AS successes_since
           FROM (
             SELECT request_id, outcome, completed_at FROM attempts
             WHERE netuid = $1 AND verifier = $2 AND hotkey = p.hotkey AND registered_block = p.registered_block
               AND outcome IN ('success', 'failure') AND kind = 'inference' AND completed_at <= clock_timestamp()
             ORDER BY n DESC, completed_at DESC, request_id LIMIT ${BREAKER_OUTCOMES}
           ) last
         ) ended
       ) failures
       WHERE p.netuid = $1 AND p.verifier = $2 AND p.n = (${LATEST}) AND p.hotkey = $3 AND p.registered_block = $4`,
      [id.netuid, id.verifier, hotkey, registeredBlock, throughN],
    ),
  )
}

/**
 * How many checks a prover passed since its last cheat, in settled intervals up to `throughN`; null when none
 * was found in them. From their scores, because checks are removed for their age.
 */
export async function settledSinceCheat(
  db: Queryable,
  id: VerifierId,
  { hotkey, registeredBlock }: ProverKey,
  throughN: number,
): Promise<{ cheatN: number; passed: number } | null> {
  return firstOrNull(
    await db.query(
      `SELECT c.n AS cheat_n, (
         SELECT coalesce(sum(s.checks_passed), 0) FROM scores s
         WHERE s.netuid = $1 AND s.verifier = $2 AND s.hotkey = $3 AND s.registered_block = $4 AND s.n > c.n AND s.n <= $5
       )::integer + (
         SELECT count(*) FROM verdicts v
         WHERE v.netuid = $1 AND v.verifier = $2 AND v.hotkey = $3 AND v.registered_block = $4 AND v.n = c.n
           AND v.verdict = 'pass' AND v.kind <> 'answer' AND v.decided_at > (
             SELECT max(decided_at) FROM verdicts w
             WHERE w.netuid = $1 AND w.verifier = $2 AND w.hotkey = $3 AND w.registered_block = $4 AND w.n = c.n
               AND w.verdict = 'cheat')
       )::integer AS passed
       FROM scores c
       WHERE c.netuid = $1 AND c.verifier = $2 AND c.hotkey = $3 AND c.registered_block = $4 AND c.cheats > 0 AND c.n <= $5
       ORDER BY c.n DESC LIMIT 1`,
      [id.netuid, id.verifier, hotkey, registeredBlock, throughN],
    ),
  )
}
