import { BACKOFF_429_MS, LATENCY_ANSWERS, PAUSE_MAX_MS } from '../../rules/constants.js'
import type { ProverKey } from '../../rules/settle/settlement.js'
import type { Tx } from '../database.js'
import { batch, givenOf } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

/**
 * Updates `prover_routing` in the same transaction as the attempts: the router reads one row per prover
 * instead of the prover's whole history. Rows are locked in the order of hotkeys, so that two batches that
 * share provers can't deadlock.
 */
const KEY = { hotkey: 'text', registeredBlock: 'bigint' } as const

const milliseconds = (ms: number | string) => `make_interval(secs => (${ms}) / 1000.0)`

/** Uniform over milliseconds. */
const RANDOM_PAUSE = milliseconds(`floor(random() * ${PAUSE_MAX_MS + 1})`)

interface Started extends ProverKey {
  blockRange: number | null
}

/**
 * For attempts about to be sent: users' requests count against the limit of their block range. Other kinds
 * change the row too, so that readers with a copy see that one more is in flight.
 */
export async function countStarted(
  tx: Tx,
  id: VerifierId,
  attempts: readonly Started[],
): Promise<void> {
  const { names, source, params } = batch<Started>({ ...KEY, blockRange: 'bigint' }, attempts, 3)
  await tx.execute(
    `INSERT INTO prover_routing AS p (netuid, verifier, ${names}, used)
     SELECT $1, $2, hotkey, registered_block, max(block_range), count(block_range)
     FROM ${source} GROUP BY hotkey, registered_block ORDER BY hotkey, registered_block
     ON CONFLICT (netuid, verifier, hotkey, registered_block) DO UPDATE SET
       used = CASE WHEN p.block_range = coalesce(excluded.block_range, p.block_range)
         THEN p.used + excluded.used ELSE excluded.used END,
       outpaced = CASE WHEN p.block_range = coalesce(excluded.block_range, p.block_range) THEN p.outpaced ELSE 0 END,
       block_range = coalesce(excluded.block_range, p.block_range)`,
    [id.netuid, id.verifier, ...params],
    { prepare: 'count-started' },
  )
}

/**
 * For attempts that just got their outcome: speed, failures since the last success, how often it was
 * outpaced, and the end of its pause. An answer's time is divided by the number of our requests that its GPU
 * had, including those ahead of it: otherwise a busy prover would count as slow.
 */
export async function countOutcomes(
  tx: Tx,
  id: VerifierId,
  requestIds: readonly string[],
): Promise<void> {
  const these = givenOf(requestIds, 3)
  await tx.execute(
    `WITH ended AS (
       SELECT hotkey, registered_block,
         coalesce(array_agg(elapsed_us * 1000000 / (work * (coalesce(in_flight / gpus, 0) + 1)) ORDER BY request_id)
           FILTER (WHERE outcome = 'success' AND elapsed_us IS NOT NULL), '{}') AS us_per_work,
         count(*) FILTER (WHERE outcome = 'success') AS successes,
         count(*) FILTER (WHERE outcome = 'failure') AS failures,
         count(*) FILTER (WHERE reason = 'outpaced') AS outpaced,
         count(*) FILTER (WHERE outcome = 'refused') AS refused,
         count(*) FILTER (WHERE outcome <> 'refused') AS others
       FROM attempts WHERE request_id ${these.condition} GROUP BY hotkey, registered_block
     ), locked AS (
       SELECT hotkey, registered_block FROM prover_routing
       WHERE netuid = $1 AND verifier = $2
         AND (hotkey, registered_block) IN (SELECT hotkey, registered_block FROM ended)
       ORDER BY hotkey, registered_block FOR NO KEY UPDATE
     )
     UPDATE prover_routing p SET
       outpaced = p.outpaced + e.outpaced,
       recent_us_per_work = (e.us_per_work || p.recent_us_per_work)[1:${LATENCY_ANSWERS}],
       us_per_work = (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY value)
         FROM unnest((e.us_per_work || p.recent_us_per_work)[1:${LATENCY_ANSWERS}]) value),
       measured_at = CASE WHEN cardinality(e.us_per_work) > 0 THEN clock_timestamp() ELSE p.measured_at END,
       refused_until = CASE WHEN e.refused > 0 THEN clock_timestamp() + ${milliseconds(BACKOFF_429_MS)}
         ELSE p.refused_until END,
       paused_until = CASE WHEN e.others > 0 THEN greatest(clock_timestamp() + ${RANDOM_PAUSE},
         least(coalesce(p.paused_until, '-infinity'), clock_timestamp() + ${milliseconds(PAUSE_MAX_MS)})) ELSE p.paused_until END,
       failures_in_a_row = CASE WHEN e.successes > 0 THEN 0 ELSE p.failures_in_a_row + e.failures END,
       last_failure_at = CASE WHEN e.failures > 0 THEN clock_timestamp() ELSE p.last_failure_at END
     FROM locked JOIN ended e USING (hotkey, registered_block)
     WHERE p.netuid = $1 AND p.verifier = $2 AND p.hotkey = e.hotkey AND p.registered_block = e.registered_block`,
    [id.netuid, id.verifier, these.param],
    these.prepared('count-outcome'),
  )
}

/** For outcomes that were nobody's fault and have become failures. */
export async function countFailures(
  tx: Tx,
  id: VerifierId,
  provers: readonly ProverKey[],
): Promise<void> {
  const { source, params } = batch<ProverKey>(KEY, provers, 3)
  await tx.execute(
    `WITH failed AS (
       SELECT hotkey, registered_block, count(*) AS failures FROM ${source} GROUP BY 1, 2
     ), locked AS (
       SELECT hotkey, registered_block, failures FROM prover_routing JOIN failed USING (hotkey, registered_block)
       WHERE netuid = $1 AND verifier = $2
       ORDER BY hotkey, registered_block FOR NO KEY UPDATE OF prover_routing
     )
     UPDATE prover_routing p
     SET failures_in_a_row = p.failures_in_a_row + locked.failures, last_failure_at = clock_timestamp()
     FROM locked WHERE p.netuid = $1 AND p.verifier = $2 AND p.hotkey = locked.hotkey
       AND p.registered_block = locked.registered_block`,
    [id.netuid, id.verifier, ...params],
  )
}

/** Stores each prover's proven capacity when an interval is settled; the newest settlement's is kept. */
export async function setProvenCapacity(
  tx: Tx,
  id: VerifierId,
  provers: readonly (ProverKey & { capacityPpm: number })[],
): Promise<void> {
  const { source, params } = batch<ProverKey & { capacityPpm: number }>(
    { ...KEY, capacityPpm: 'integer' },
    provers,
    3,
  )
  await tx.execute(
    `INSERT INTO prover_routing (netuid, verifier, hotkey, registered_block, proven_ppm)
     SELECT $1, $2, hotkey, registered_block, capacity_ppm FROM ${source} ORDER BY hotkey, registered_block
     ON CONFLICT (netuid, verifier, hotkey, registered_block) DO UPDATE SET proven_ppm = excluded.proven_ppm`,
    [id.netuid, id.verifier, ...params],
  )
}
