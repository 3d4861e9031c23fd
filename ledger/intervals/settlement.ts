import type {
  AnswerRow,
  CheckRow,
  ProverKey,
  ProverSettlement,
  ProverState,
  Settlement,
  SettlementInput,
} from '../../rules/settle/settlement.js'
import type { Queryable, Tx } from '../database.js'
import { LedgerError } from '../errors.js'
import { lockOutcomes } from '../judging/outcome-lock.js'
import { setProvenCapacity } from '../requests/prover-counters.js'
import { batch } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'
import { firstUnsettledBefore, type IntervalRow, intervalByN } from './intervals.js'
import { putRecord, type RecordRow, recordOf } from './records.js'
import { PROVEN_CAPACITY, SHARE_COUNTS, SHARE_NAMES, type StoredCapacity } from './share-columns.js'
import { dueWideRounds, markWideRounds, windowBefore } from './shares.js'

/** What settling an interval reads from the ledger; profile and length come from the interval itself. */
export type SettlementParts = Omit<SettlementInput, 'profile' | 'blocks' | 'standardWork'>

/** The stored result of settling for one prover; its standing has the rest. */
export type ScoreRow = Omit<
  ProverSettlement,
  'move' | 'validationsSinceMove' | 'fastReturn' | keyof StoredCapacity
> &
  StoredCapacity & { moveReason: string | null }

export interface SettledResult {
  interval: IntervalRow
  scores: ScoreRow[]
  record: RecordRow
}

const OF = 'netuid = $1 AND verifier = $2'

async function provers(
  tx: Tx,
  id: VerifierId,
  n: number,
  rounds: readonly ProverKey[],
): Promise<ProverState[]> {
  const counted = batch<ProverKey>({ hotkey: 'text', registeredBlock: 'bigint' }, rounds, 4)
  // Includes provers that have left since, if something that counts in n concerns them.
  return tx.query(
    `SELECT p.hotkey, p.registered_block, coalesce(i.uid, p.uid) AS uid, p.tier, p.total_successes, p.score_ppm,
       p.validations_since_move, p.fast_return, coalesce(i.axon_ip IS NOT NULL, false) AS has_address
     FROM provers p
     LEFT JOIN interval_provers i
       ON i.netuid = p.netuid AND i.verifier = p.verifier AND i.n = $3
       AND i.hotkey = p.hotkey AND i.registered_block = p.registered_block
     WHERE p.netuid = $1 AND p.verifier = $2 AND (
       i.hotkey IS NOT NULL
       OR EXISTS (SELECT 1 FROM verdicts v WHERE v.netuid = $1 AND v.verifier = $2 AND v.n = $3
         AND v.hotkey = p.hotkey AND v.registered_block = p.registered_block)
       OR EXISTS (SELECT 1 FROM attempts a WHERE a.netuid = $1 AND a.verifier = $2 AND a.n = $3
         AND a.hotkey = p.hotkey AND a.registered_block = p.registered_block)
       OR (p.hotkey, p.registered_block) IN (SELECT hotkey, registered_block FROM ${counted.source}))
     ORDER BY uid, hotkey, registered_block`,
    [id.netuid, id.verifier, n, ...counted.params],
  )
}

/** Checks that count in interval n, with what their requests were, by request id. */
export async function checkRows(tx: Tx, id: VerifierId, n: number): Promise<CheckRow[]> {
  return tx.query(
    // A challenge that was never sent has no attempt.
    `SELECT v.request_id, v.kind, v.hotkey, v.registered_block, v.verdict, v.reason, v.reward_ppm,
       coalesce(a.kind, CASE v.kind WHEN 'challenge' THEN 'challenge' ELSE 'inference' END) AS request_kind,
       coalesce(a.counted, true) AS counted
     FROM verdicts v LEFT JOIN attempts a USING (request_id)
     WHERE v.netuid = $1 AND v.verifier = $2 AND v.n = $3 ORDER BY v.request_id, v.kind`,
    [id.netuid, id.verifier, n],
  )
}

async function answers(tx: Tx, id: VerifierId, n: number): Promise<AnswerRow[]> {
  return tx.query(
    `SELECT request_id, kind, hotkey, registered_block, outcome, reason, counted, api_key_id, gpus, in_flight, taken,
       (extract(epoch FROM completed_at) * 1000000)::bigint AS completed_at_us
     FROM attempts WHERE ${OF} AND n = $3 AND outcome IS NOT NULL ORDER BY request_id`,
    [id.netuid, id.verifier, n],
  )
}

async function certifiedUsPerWork(tx: Tx, id: VerifierId, n: number): Promise<number | null> {
  // The plan's value, so that a certificate issued in the meantime changes nothing.
  const [plan] = await tx.query<{ gpuUsPerWork: number | null }>(
    `SELECT gpu_us_per_work FROM plans WHERE ${OF} AND n = $3`,
    [id.netuid, id.verifier, n],
  )
  return plan?.gpuUsPerWork ?? null
}

/**
 * Reads everything needed to settle interval n, and locks the interval until the transaction ends: no outcome
 * and no second settlement can come between this and `writeSettlement`.
 */
export async function loadSettlement(tx: Tx, id: VerifierId, n: number): Promise<SettlementParts> {
  await lockOutcomes(tx, id)
  const wideRounds = await dueWideRounds(tx, id, n)
  const settled = await provers(tx, id, n, wideRounds)
  const keys = new Set(settled.map(keyOf))
  return {
    n,
    provers: settled,
    checks: await checkRows(tx, id, n),
    answers: await answers(tx, id, n),
    wideRounds,
    window: (await windowBefore(tx, id, n)).filter((row) => keys.has(keyOf(row))),
    certifiedUsPerWork: await certifiedUsPerWork(tx, id, n),
  }
}

function keyOf({ hotkey, registeredBlock }: ProverKey): string {
  return `${hotkey}@${registeredBlock}`
}

/** The interval, if it is to be settled now; null if it is already settled. */
async function dueInterval(tx: Tx, id: VerifierId, n: number): Promise<IntervalRow | null> {
  const interval = await intervalByN(tx, id, n)
  if (interval === null) {
    throw new LedgerError('not_recorded', `interval ${n} is not recorded`, { details: { n } })
  }
  if (interval.phase === 'settled') return null
  if (interval.phase === 'lapsed' || interval.phase === 'missed') {
    throw new LedgerError(
      'interval_final',
      `interval ${n} is ${interval.phase}: it can't be settled`,
      {
        details: { n, phase: interval.phase },
      },
    )
  }
  const before = await firstUnsettledBefore(tx, id, n)
  if (before !== null) {
    throw new LedgerError(
      'settlement_out_of_order',
      `interval ${n} waits for interval ${before.n}, which is in phase ${before.phase}`,
      { details: { n, waitsFor: before.n }, retryable: true },
    )
  }
  return interval
}

type ProverResult = ProverSettlement & { moveReason: string | null }

async function writeScores(
  tx: Tx,
  id: VerifierId,
  n: number,
  results: ProverResult[],
): Promise<void> {
  const rows = batch<ProverResult>(
    {
      hotkey: 'text',
      registeredBlock: 'bigint',
      uid: 'integer',
      tierBefore: 'text',
      tierAfter: 'text',
      moveReason: 'text',
      requestAttempts: 'integer',
      requestSuccesses: 'integer',
      checksJudged: 'integer',
      checksPassed: 'integer',
      cheats: 'integer',
      totalBefore: 'bigint',
      totalAfter: 'bigint',
      meanRewardPpm: 'integer',
      observationPpm: 'integer',
      ...SHARE_COUNTS,
      ...PROVEN_CAPACITY,
      scoreBefore: 'integer',
      scoreAfter: 'integer',
      validationsSinceMove: 'integer',
      fastReturn: 'boolean',
    },
    results,
    4,
  )
  await tx.execute(
    `INSERT INTO scores (netuid, verifier, n, ${rows.names})
     SELECT $1, $2, $3, ${rows.names} FROM ${rows.source}`,
    [id.netuid, id.verifier, n, ...rows.params],
  )
  await tx.execute(
    `INSERT INTO tier_history (netuid, verifier, n, hotkey, registered_block, uid, from_tier, to_tier, reason)
     SELECT netuid, verifier, n, hotkey, registered_block, uid, tier_before, tier_after, move_reason
     FROM scores WHERE ${OF} AND n = $3 AND tier_before <> tier_after ORDER BY uid, hotkey`,
    [id.netuid, id.verifier, n],
  )
}

async function writeStandings(
  tx: Tx,
  id: VerifierId,
  n: number,
  results: ProverResult[],
): Promise<void> {
  const rows = batch<ProverResult>(
    {
      hotkey: 'text',
      registeredBlock: 'bigint',
      tierAfter: 'text',
      totalAfter: 'bigint',
      scoreAfter: 'integer',
      validationsSinceMove: 'integer',
      fastReturn: 'boolean',
    },
    results,
    4,
  )
  await tx.execute(
    `UPDATE provers p SET tier = r.tier_after, total_successes = r.total_after, score_ppm = r.score_after,
       validations_since_move = r.validations_since_move, fast_return = r.fast_return, settled_n = $3, updated_at = now()
     FROM ${rows.source}
     WHERE p.netuid = $1 AND p.verifier = $2 AND p.hotkey = r.hotkey AND p.registered_block = r.registered_block`,
    [id.netuid, id.verifier, n, ...rows.params],
  )
  await setProvenCapacity(tx, id, results)
}

/**
 * Stores the result of settling: scores, moves, standings, the record; the interval is then settled. Call it
 * in the transaction of `loadSettlement`, after `assertFence`.
 * @returns false if it was already settled: nothing was written, `settledResult` has the stored result
 * @throws LedgerError `settlement_out_of_order` (retryable), `interval_final`
 */
export async function writeSettlement(
  tx: Tx,
  id: VerifierId,
  n: number,
  settlement: Settlement,
  record: { body: string; hash: string; previousHash: string | null },
): Promise<boolean> {
  await lockOutcomes(tx, id)
  if ((await dueInterval(tx, id, n)) === null) return false
  const results = settlement.provers.map((prover) => ({
    ...prover,
    moveReason: prover.move?.reason ?? null,
  }))
  await writeScores(tx, id, n, results)
  await writeStandings(tx, id, n, results)
  await markWideRounds(tx, id, n)
  await putRecord(tx, id, n, record)
  await tx.execute(
    `UPDATE intervals SET phase = 'settled', settled_at = clock_timestamp(), failure = NULL,
       closed_at = coalesce(closed_at, clock_timestamp())
     WHERE ${OF} AND n = $3`,
    [id.netuid, id.verifier, n],
  )
  return true
}

/** An interval's scores, ordered by uid and hotkey; empty before it is settled. */
export async function scoresOf(db: Queryable, id: VerifierId, n: number): Promise<ScoreRow[]> {
  return db.query(
    `SELECT hotkey, registered_block, uid, tier_before, tier_after, move_reason, request_attempts, request_successes,
       checks_judged, checks_passed, cheats, total_before, total_after, mean_reward_ppm, observation_ppm, ${SHARE_NAMES},
       score_before, score_after
     FROM scores WHERE ${OF} AND n = $3 ORDER BY uid, hotkey`,
    [id.netuid, id.verifier, n],
  )
}

/** The result of settling interval n; null until it is settled. */
export async function settledResult(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<SettledResult | null> {
  const interval = await intervalByN(db, id, n)
  if (interval?.phase !== 'settled') return null
  return {
    interval,
    scores: await scoresOf(db, id, n),
    record: (await recordOf(db, id, n))!,
  }
}
