import { LAPSE_SECONDS } from '../../rules/constants.js'
import type { WideRequest, WideRound } from '../../rules/settle/settlement.js'
import type { Tx } from '../database.js'
import { batch } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

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

const KEY = { n: 'integer', round: 'integer', hotkey: 'text', registeredBlock: 'bigint' } as const

const ON_KEY =
  'ON w.n = r.n AND w.round = r.round AND w.hotkey = r.hotkey AND w.registered_block = r.registered_block'

/** A round that is done with, and the interval in which it counts, or would have: that one has no effect. */
export interface EndedRound extends RoundKey {
  countedN: number
}

/** Drops the columns of the round that it was read with. */
function requestOf(row: WideRequest): WideRequest {
  const { requestId, kind, counted, outcome, gpus, inFlight, taken, ofRound, lost } = row
  return { requestId, kind, counted, outcome, gpus, inFlight, taken, ofRound, lost }
}

function keyOf({ n, round, hotkey, registeredBlock }: RoundKey): string {
  return `${n}/${round}/${hotkey}@${registeredBlock}`
}

/**
 * The wide rounds that are done with in interval n, which is closed: all their outcomes are known. `due` are those that
 * count in it; the others' last outcome is in an interval that lapsed or was missed.
 */
export async function endedWideRounds(
  tx: Tx,
  id: VerifierId,
  n: number,
): Promise<{ due: WideRound[]; ended: EndedRound[] }> {
  const found = await tx.query<
    Omit<WideRound, 'requests'> & { ended: number; passedOver: boolean }
  >(
    `SELECT w.n, w.round, w.hotkey, w.registered_block, w.gpus, w.ended, ${WITHOUT_EFFECT} AS passed_over
     FROM (${COMPLETE}) w JOIN intervals i ON i.netuid = w.netuid AND i.verifier = w.verifier AND i.n = w.ended
     ORDER BY w.n, w.round, w.hotkey, w.registered_block`,
    [id.netuid, id.verifier, n],
  )
  const rounds = found.filter(({ passedOver }) => !passedOver)
  const requests = await requestsIn(tx, id, rounds)
  const due = rounds.map(({ ended: _, passedOver: __, ...round }) => ({
    ...round,
    requests: requests.get(keyOf(round)) ?? [],
  }))
  const ended = found.map(({ ended: last, passedOver, gpus: _, ...key }) => ({
    ...key,
    countedN: passedOver ? last : n,
  }))
  return { due, ended }
}

/** By round, in the order of request ids. */
async function requestsIn(
  tx: Tx,
  id: VerifierId,
  rounds: readonly RoundKey[],
): Promise<Map<string, WideRequest[]>> {
  const { source, params } = batch<RoundKey>(KEY, rounds, 3)
  const rows = await tx.query<RoundKey & WideRequest>(
    `SELECT w.n, w.round, w.hotkey, w.registered_block, q.request_id, q.kind, q.counted,
       coalesce(q.outcome, 'neutral') AS outcome, q.gpus, q.in_flight, q.taken, q.of_round,
       q.outcome IS NULL OR EXISTS (
         SELECT 1 FROM verdicts v WHERE v.request_id = q.request_id AND v.kind = 'answer' AND v.verdict = 'abstained'
       ) AS lost
     FROM ${source} JOIN wide_rounds w ${ON_KEY} AND w.netuid = $1 AND w.verifier = $2
     CROSS JOIN LATERAL (
       ${requestsOf('a.request_id, a.kind, a.counted, a.outcome, a.gpus, a.in_flight, a.taken')}
     ) q ORDER BY q.request_id`,
    [id.netuid, id.verifier, ...params],
  )
  const byRound = new Map<string, WideRequest[]>()
  for (const row of rows) {
    const key = keyOf(row)
    const others = byRound.get(key)
    if (others === undefined) byRound.set(key, [requestOf(row)])
    else others.push(requestOf(row))
  }
  return byRound
}

/** Marks what `endedWideRounds` found: a round counts once. */
export async function markWideRounds(
  tx: Tx,
  id: VerifierId,
  rounds: readonly EndedRound[],
): Promise<void> {
  const { source, params } = batch<EndedRound>({ ...KEY, countedN: 'integer' }, rounds, 3)
  await tx.execute(
    `UPDATE wide_rounds w SET counted_n = r.counted_n FROM ${source}
     WHERE w.netuid = $1 AND w.verifier = $2 AND w.n = r.n AND w.round = r.round AND w.hotkey = r.hotkey
       AND w.registered_block = r.registered_block AND w.counted_n IS NULL`,
    [id.netuid, id.verifier, ...params],
  )
}
