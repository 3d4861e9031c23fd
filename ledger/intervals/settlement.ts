import type {
  CheckRow,
  ProverKey,
  ProverSettlement,
  ProverState,
  Settlement,
  SettlementInput,
  WindowRow,
} from '../../rules/settle/settlement.js'
import { sumWindow } from '../../rules/settle/share-counts.js'
import type { Queryable, Tx } from '../database.js'
import { LedgerError } from '../errors.js'
import { lockOutcomes } from '../judging/outcome-lock.js'
import { setProvenCapacity } from '../requests/prover-counters.js'
import { batch } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'
import { answersAmong, type IntervalRequest, intervalRequests } from './interval-requests.js'
import { firstUnsettledBefore, type IntervalRow, intervalByN } from './intervals.js'
import { windowRows } from './record-rows.js'
import { putRecord, type RecordRow, recordOf } from './records.js'
import { PROVEN_CAPACITY, SHARE_COUNTS, SHARE_NAMES, type StoredCapacity } from './share-columns.js'
import { type EndedRound, endedWideRounds, markWideRounds } from './shares.js'

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

/** The interval's provers, and those that have left since if something that counts in it concerns them. */
async function provers(
  tx: Tx,
  id: VerifierId,
  n: number,
  concerned: readonly ProverKey[],
): Promise<ProverState[]> {
  const keys = new Map(concerned.map((row) => [keyOf(row), row]))
  const given = batch<ProverKey>(
    { hotkey: 'text', registeredBlock: 'bigint' },
    [...keys.values()],
    4,
  )
  return tx.query(
    `SELECT p.hotkey, p.registered_block, coalesce(i.uid, p.uid) AS uid, p.tier, p.total_successes, p.score_ppm,
       p.validations_since_move, p.fast_return, coalesce(i.axon_ip IS NOT NULL, false) AS has_address
     FROM provers p
     LEFT JOIN interval_provers i
       ON i.netuid = p.netuid AND i.verifier = p.verifier AND i.n = $3
       AND i.hotkey = p.hotkey AND i.registered_block = p.registered_block
     WHERE p.netuid = $1 AND p.verifier = $2 AND (
       i.hotkey IS NOT NULL
       OR (p.hotkey, p.registered_block) IN (SELECT hotkey, registered_block FROM ${given.source}))
     ORDER BY uid, hotkey, registered_block`,
    [id.netuid, id.verifier, n, ...given.params],
  )
}

/**
 * Checks that count in interval n, with what their requests were, by request id.
 * @param requests the interval's; those of earlier ones are looked up
 */
export async function checkRows(
  tx: Tx,
  id: VerifierId,
  n: number,
  requests: readonly IntervalRequest[],
): Promise<CheckRow[]> {
  const checks = await tx.query<Omit<CheckRow, 'requestKind' | 'counted'>>(
    `SELECT request_id, kind, hotkey, registered_block, verdict, reason, reward_ppm
     FROM verdicts WHERE ${OF} AND n = $3 ORDER BY request_id, kind`,
    [id.netuid, id.verifier, n],
  )
  const known = new Map<string, Checked>(requests.map((request) => [request.requestId, request]))
  const others = checks.map(({ requestId }) => requestId).filter((of) => !known.has(of))
  const earlier = await tx.query<Checked>(
    'SELECT request_id, kind, counted FROM attempts WHERE request_id = ANY ($1)',
    [others],
  )
  for (const request of earlier) known.set(request.requestId, request)
  return checks.map((check) => {
    const request = known.get(check.requestId)
    // A challenge that was never sent has no request.
    const kind = check.kind === 'challenge' ? 'challenge' : 'inference'
    return { ...check, requestKind: request?.kind ?? kind, counted: request?.counted ?? true }
  })
}

type Checked = Pick<IntervalRequest, 'requestId' | 'kind' | 'counted'>

async function certifiedUsPerWork(tx: Tx, id: VerifierId, n: number): Promise<number | null> {
  // The plan's value, so that a certificate issued in the meantime changes nothing.
  const [plan] = await tx.query<{ gpuUsPerWork: number | null }>(
    `SELECT gpu_us_per_work FROM plans WHERE ${OF} AND n = $3`,
    [id.netuid, id.verifier, n],
  )
  return plan?.gpuUsPerWork ?? null
}

/** What settling an interval reads, for the rules, its record and `writeSettlement`. */
export interface SettlementRead extends SettlementParts {
  /** All of its requests, of which `answers` are those that the rules need. */
  requests: readonly IntervalRequest[]
  /** What `window` sums up. */
  windowRows: readonly (WindowRow & { n: number })[]
  /** The wide rounds that are counted, or passed over, with it. */
  endedRounds: readonly EndedRound[]
  /** How much had been found by then. */
  found: Found
}

interface Found {
  outcomes: number
  checks: number
}

/** How many of the interval's challenges have an outcome, and how many checks count in it. */
async function foundIn(tx: Tx, id: VerifierId, n: number): Promise<Found> {
  const [row] = await tx.query<Found>(
    `SELECT (
         SELECT count(*) FROM plan_items p JOIN attempts a USING (request_id)
         WHERE p.netuid = $1 AND p.verifier = $2 AND p.n = $3 AND a.outcome IS NOT NULL
       ) AS outcomes, (
         SELECT count(*) FROM verdicts WHERE ${OF} AND n = $3
       ) AS checks`,
    [id.netuid, id.verifier, n],
  )
  return row!
}

/**
 * Reads everything needed to settle interval n, which is closed. Call it in a snapshot: it locks nothing, so that
 * outcomes of the next interval are recorded while the rules and the record are computed. What it reads can't become
 * untrue before `writeSettlement`: outcomes of users' and wide requests go to the next interval once this one is closed,
 * standings change only when an interval is settled, those before n are final, and a late challenge or check is noticed.
 * @throws LedgerError `settlement_out_of_order` (retryable)
 */
export async function loadSettlement(tx: Tx, id: VerifierId, n: number): Promise<SettlementRead> {
  await refuseOutOfOrder(tx, id, n)
  const found = await foundIn(tx, id, n)
  const requests = await intervalRequests(tx, id, n)
  const checks = await checkRows(tx, id, n, requests)
  const { due: wideRounds, ended: endedRounds } = await endedWideRounds(tx, id, n)
  const settled = await provers(tx, id, n, [...requests, ...checks, ...wideRounds])
  const keys = new Set(settled.map(keyOf))
  const before = await windowRows(tx, id, n)
  return {
    n,
    provers: settled,
    checks,
    answers: answersAmong(requests),
    wideRounds,
    window: sumWindow(before).filter((row) => keys.has(keyOf(row))),
    certifiedUsPerWork: await certifiedUsPerWork(tx, id, n),
    requests,
    windowRows: before,
    endedRounds,
    found,
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
  await refuseOutOfOrder(tx, id, n)
  return interval
}

async function refuseOutOfOrder(tx: Tx, id: VerifierId, n: number): Promise<void> {
  const before = await firstUnsettledBefore(tx, id, n)
  if (before === null) return
  throw new LedgerError(
    'settlement_out_of_order',
    `interval ${n} waits for interval ${before.n}, which is in phase ${before.phase}`,
    { details: { n, waitsFor: before.n }, retryable: true },
  )
}

/** @throws LedgerError `ledger_conflict` (retryable) if more was found in the interval since it was read */
async function refuseOutdated(tx: Tx, id: VerifierId, { n, found }: SettlementRead): Promise<void> {
  const { outcomes, checks } = await foundIn(tx, id, n)
  if (outcomes === found.outcomes && checks === found.checks) return
  throw new LedgerError(
    'ledger_conflict',
    `more of interval ${n} was recorded while it was settled`,
    {
      details: { n },
      retryable: true,
    },
  )
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

export interface SettlementResult {
  settlement: Settlement
  record: { body: string; hash: string; previousHash: string | null }
  /** What both were computed from; null if nothing was read. */
  read: SettlementRead | null
}

/**
 * Stores the result of settling: scores, moves, standings, the record; the interval is then settled. Call it
 * after `assertFence`. From its lock on, no outcome is recorded until the transaction ends.
 * @returns false if it was already settled: nothing was written, `settledResult` has the stored result
 * @throws LedgerError `settlement_out_of_order` and `ledger_conflict` (both retryable), `interval_final`
 */
export async function writeSettlement(
  tx: Tx,
  id: VerifierId,
  n: number,
  { settlement, record, read }: SettlementResult,
): Promise<boolean> {
  await lockOutcomes(tx, id)
  if ((await dueInterval(tx, id, n)) === null) return false
  if (read !== null) await refuseOutdated(tx, id, read)
  const results = settlement.provers.map((prover) => ({
    ...prover,
    moveReason: prover.move?.reason ?? null,
  }))
  await writeScores(tx, id, n, results)
  await writeStandings(tx, id, n, results)
  await markWideRounds(tx, id, read?.endedRounds ?? [])
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
