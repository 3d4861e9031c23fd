import { LAPSE_SECONDS } from '../../rules/constants.js'
import type { WideRequest, WideRound, WindowRow } from '../../rules/settle/settlement.js'
import { sumWindow } from '../../rules/settle/share-counts.js'
import type { Tx } from '../database.js'
import type { VerifierId } from '../verifier-id.js'
import { windowRows } from './record-rows.js'

/** The requests of a round `w`, and those that were in flight when it began. */
function requestsOf(columns: string): string {
  return `SELECT ${columns}, true AS of_round FROM attempts a
      WHERE a.netuid = w.netuid AND a.verifier = w.verifier AND a.wide_n = w.n AND a.wide_round = w.round
        AND a.hotkey = w.hotkey AND a.registered_block = w.registered_block
    UNION ALL
    SELECT ${columns}, false FROM attempts a WHERE a.request_id = ANY (w.in_flight)`
}

/**
 * SQL condition on a request `r`: it has no outcome and never will, for example because its process was
 * killed: the verifier lost it. Evaluated as of the start of the transaction, so that reading and marking
 * agree.
 */
const NEVER_ENDED = `(r.outcome IS NULL
  AND r.asked_at < now() - make_interval(secs => r.deadline_ms / 1000.0 + ${LAPSE_SECONDS}))`

/**
 * Rounds not counted yet whose outcomes are all known by interval $3; `ended` is the interval of the last
 * outcome.
 */
const COMPLETE = `
  SELECT w.netuid, w.verifier, w.n, w.round, w.hotkey, w.registered_block, w.gpus, w.in_flight,
    greatest(w.n, last.n) AS ended
  FROM wide_rounds w CROSS JOIN LATERAL (
    SELECT max(r.n) FILTER (WHERE r.outcome IS NOT NULL) AS n,
      coalesce(bool_and((r.outcome IS NOT NULL AND r.n <= $3) OR ${NEVER_ENDED}), true) AS known
    FROM (${requestsOf('a.n, a.outcome, a.asked_at, a.deadline_ms')}) r
  ) last
  WHERE w.netuid = $1 AND w.verifier = $2 AND w.counted_n IS NULL AND w.n <= $3 AND last.known`

/** Whether what ended in interval `i` counts for nothing. */
const WITHOUT_EFFECT = `i.phase IN ('lapsed', 'missed')`

type RoundKey = Pick<WideRound, 'n' | 'round' | 'hotkey' | 'registeredBlock'>

/** Drops the columns of the round that it was read with. */
function requestOf(row: WideRequest): WideRequest {
  const { requestId, kind, counted, outcome, gpus, inFlight, taken, ofRound, lost } = row
  return { requestId, kind, counted, outcome, gpus, inFlight, taken, ofRound, lost }
}

function keyOf({ n, round, hotkey, registeredBlock }: RoundKey): string {
  return `${n}/${round}/${hotkey}@${registeredBlock}`
}

/**
 * The wide rounds that count in interval n: all their outcomes are known, and the last one is not in an
 * interval that lapsed or was missed. Call it under the lock of outcome-lock.ts.
 */
export async function dueWideRounds(tx: Tx, id: VerifierId, n: number): Promise<WideRound[]> {
  const due = `(${COMPLETE}) w JOIN intervals i ON i.netuid = w.netuid AND i.verifier = w.verifier AND i.n = w.ended
     WHERE NOT ${WITHOUT_EFFECT}`
  const order = 'ORDER BY w.n, w.round, w.hotkey, w.registered_block'
  const params = [id.netuid, id.verifier, n]
  const rounds = await tx.query<Omit<WideRound, 'requests'>>(
    `SELECT w.n, w.round, w.hotkey, w.registered_block, w.gpus FROM ${due} ${order}`,
    params,
  )
  const requests = await tx.query<RoundKey & WideRequest>(
    `SELECT w.n, w.round, w.hotkey, w.registered_block, r.request_id, r.kind, r.counted,
       coalesce(r.outcome, 'neutral') AS outcome, r.gpus, r.in_flight, r.taken, r.of_round,
       r.outcome IS NULL OR EXISTS (
         SELECT 1 FROM verdicts v WHERE v.request_id = r.request_id AND v.kind = 'answer' AND v.verdict = 'abstained'
       ) AS lost
     FROM (SELECT w.* FROM ${due}) w CROSS JOIN LATERAL (
       ${requestsOf('a.request_id, a.kind, a.counted, a.outcome, a.gpus, a.in_flight, a.taken')}
     ) r ${order}, r.request_id`,
    params,
  )
  const byRound = new Map(rounds.map((round) => [keyOf(round), [] as WideRequest[]]))
  for (const row of requests) byRound.get(keyOf(row))!.push(requestOf(row))
  return rounds.map((round) => ({ ...round, requests: byRound.get(keyOf(round))! }))
}

/** Marks them as counted, or passed over, in the interval of their last outcome. */
export async function markWideRounds(tx: Tx, id: VerifierId, n: number): Promise<void> {
  await tx.execute(
    // MATERIALIZED: found once, not again for each row to update.
    `WITH ended AS MATERIALIZED (
       SELECT w.n, w.round, w.hotkey, w.registered_block, CASE WHEN ${WITHOUT_EFFECT} THEN w.ended ELSE $3 END AS counted_n
       FROM (${COMPLETE}) w JOIN intervals i ON i.netuid = w.netuid AND i.verifier = w.verifier AND i.n = w.ended
     )
     UPDATE wide_rounds t SET counted_n = e.counted_n FROM ended e
     WHERE t.netuid = $1 AND t.verifier = $2 AND t.n = e.n AND t.round = e.round AND t.hotkey = e.hotkey
       AND t.registered_block = e.registered_block AND t.counted_n IS NULL`,
    [id.netuid, id.verifier, n],
  )
}

/** The sums over the window of settled intervals before n, for each prover that one of them settled. */
export async function windowBefore(tx: Tx, id: VerifierId, n: number): Promise<WindowRow[]> {
  return sumWindow(await windowRows(tx, id, n))
}
