import type pg from 'pg'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { SHARE_WINDOW_INTERVALS } from '../../rules/constants.js'
import { PRODUCTION_PROFILE } from '../../rules/profile.js'
import { VIDEO } from './stub-video.js'

interface Filling {
  readonly provers: number
  /** Of each prover in each interval to be settled. */
  readonly answers: number
  /** So many to be settled, after a window of settled ones. */
  readonly intervals: number
}

const BODY = JSON.stringify({
  request_id: '00000000-0000-4000-8000-000000000000',
  query: 'a red circle moves right on a blue background while a green square turns',
  private_input: { negative_prompt: '' },
  sampling_params: {
    ...{ seed: 7, num_inference_steps: VIDEO.steps, guidance_scale: 3 },
    ...{ width: VIDEO.width, height: VIDEO.height, num_frames: VIDEO.frames, fps: 8 },
  },
  ...{ model: 'fractal-shapes-1', deadline_ms: 30_000 },
})

/**
 * Intervals as they are when they are about to be settled. Of each prover: a challenge, two wide rounds of two requests,
 * users' requests; a check of every 25th answer, and one failure in 50.
 * @returns the first that is to be settled
 */
export async function fillIntervals(
  client: pg.Client,
  { netuid, verifier }: VerifierId,
  { provers, answers, intervals }: Filling,
): Promise<number> {
  const settled = SHARE_WINDOW_INTERVALS - 1
  const last = settled + intervals
  const of = `${netuid}, '${verifier}'`
  const everyProver = `generate_series(0, ${provers - 1}) u`
  const due = `generate_series(${settled + 1}, ${last}) n`
  for (const sql of [
    // Rows of other tables that these refer to are not read here.
    'SET session_replication_role = replica',
    `INSERT INTO intervals (netuid, verifier, n, first_block, length, first_block_hash, phase, opened_after, profile, opened_at, closed_at, settled_at)
     SELECT ${of}, n, n * 360, 360, repeat('ab', 32), CASE WHEN n > ${settled} THEN 'audit' ELSE 'settled' END, nullif(n - 1, 0),
       '${JSON.stringify(PRODUCTION_PROFILE)}', now(), now(), CASE WHEN n <= ${settled} THEN now() END FROM generate_series(1, ${last}) n`,
    `INSERT INTO provers (netuid, verifier, hotkey, registered_block, uid, coldkey, tier, total_successes, score_ppm, settled_n)
     SELECT ${of}, 'prover-' || u, u, u + 1, 'coldkey-' || u, 'silver', 5000, 400000, ${settled} FROM ${everyProver}`,
    `INSERT INTO prover_routing (netuid, verifier, hotkey, registered_block, used) SELECT ${of}, 'prover-' || u, u, 0 FROM ${everyProver}`,
    `INSERT INTO interval_provers (netuid, verifier, n, hotkey, registered_block, uid, coldkey, axon_ip, axon_port, validator_permit,
       tier, total_successes, score_ppm, determinism_class, model_root, capacity, reachable)
     SELECT ${of}, n, 'prover-' || u, u, u + 1, 'coldkey-' || u, '192.0.2.1', 8091, false, 'silver', 5000, 400000, 'fc2;test', 'cd', 2, true
     FROM ${everyProver}, ${due}`,
    `INSERT INTO scores (netuid, verifier, n, hotkey, registered_block, uid, tier_before, tier_after, request_attempts, request_successes,
       checks_judged, checks_passed, cheats, total_before, total_after, mean_reward_ppm, observation_ppm, score_before, score_after,
       validations_since_move, fast_return, wide_rounds, wide_gpus, newest_wide_gpus, wide_slots, wide_kept, offered, accepted,
       wide_share_ppm, offer_share_ppm, capacity_ppm, paid_capacity_ppm)
     SELECT ${of}, n, 'prover-' || u, u, u + 1, 'silver', 'silver', 170, 168, 9, 9, 0, 5000, 5168, 1000000, 900000, 400000, 450000,
       9, false, 2, 2, 1, 4, 4, 160, 158, 1000000, 990000, 1000000, 990000
     FROM ${everyProver}, generate_series(1, ${settled}) n`,
    `INSERT INTO wide_rounds (netuid, verifier, n, round, hotkey, registered_block, gpus, in_flight, counted_n)
     SELECT ${of}, n, round, 'prover-' || u, u, 1, '{}', CASE WHEN n <= ${settled} THEN n END
     FROM ${everyProver}, generate_series(1, ${last}) n, generate_series(0, 1) round`,
    `INSERT INTO attempts (request_id, netuid, verifier, n, kind, inference_id, attempt_no, hotkey, registered_block, body, body_sha256, work,
       counted, api_key_id, deadline_ms, gpus, in_flight, wide_n, wide_round, outcome, reason, frames_sha256, trace_root, determinism_class,
       model_root, signature, request_nonce, request_signature, timings, warnings, elapsed_us, first_record_us, asked_at, completed_at,
       steps, frames, width, height)
     SELECT gen_random_uuid(), ${of}, n, kind, CASE WHEN kind = 'inference' THEN gen_random_uuid() END, 1, 'prover-' || u, u,
       convert_to('${BODY}', 'UTF8'), repeat('ef', 32), 786432, true, CASE WHEN kind = 'inference' THEN 'key-' || k % 20 END, 30000, 1, k % 2,
       CASE WHEN kind = 'wide' THEN n END, CASE WHEN kind = 'wide' THEN k / 2 - 1 END, CASE WHEN k % 50 = 7 THEN 'failure' ELSE 'success' END,
       CASE WHEN k % 50 = 7 THEN 'late' ELSE 'served' END, repeat('01', 32), repeat('02', 32), 'fc2;test', repeat('cd', 32),
       '0x' || repeat('03', 64), '1', '0x' || repeat('04', 64), '{"total_us": 900000}', '[]', 950000, 20000, now(), clock_timestamp(),
       ${VIDEO.steps}, ${VIDEO.frames}, ${VIDEO.width}, ${VIDEO.height}
     FROM (SELECT u, k, n, CASE WHEN k = 1 THEN 'challenge' WHEN k < 6 THEN 'wide' ELSE 'inference' END AS kind
       FROM generate_series(1, ${answers}) k, ${everyProver}, ${due}) asked`,
    `INSERT INTO verdicts (netuid, verifier, n, request_id, kind, hotkey, registered_block, verdict, reason, reward_ppm)
     SELECT netuid, verifier, n, request_id, CASE WHEN outcome = 'failure' THEN 'answer' WHEN kind = 'challenge' THEN 'challenge' ELSE 'spotcheck' END,
       hotkey, registered_block, CASE WHEN outcome = 'failure' THEN 'fail' ELSE 'pass' END,
       CASE WHEN outcome = 'failure' THEN 'late' ELSE 'hash_equal' END, CASE WHEN outcome = 'failure' THEN -50000 ELSE 1000000 END
     FROM attempts WHERE netuid = ${netuid} AND verifier = '${verifier}'
       AND (outcome = 'failure' OR kind <> 'inference' OR left(request_id::text, 2) < '0a')`,
    'ANALYZE',
    'SET session_replication_role = DEFAULT',
  ]) {
    await client.query(sql)
  }
  return settled + 1
}
