import { z } from 'zod'
import type { Judgement } from '../../rules/judge/judge-answer.js'
import { answerCheck, MAYBE_IMPOSSIBLE } from '../../rules/judge/own-failure.js'
import type { ProverKey } from '../../rules/settle/settlement.js'
import type { Reason } from '../../rules/verdicts.js'
import type { Database, Queryable, Tx } from '../database.js'
import { CURRENT_N } from '../intervals/intervals.js'
import { jsonRows } from '../json-rows.js'
import { lockOutcomesShared } from '../judging/outcome-lock.js'
import { insertVerdicts } from '../judging/verdicts.js'
import { batch, givenOf } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'
import { shapeInBody } from './body-shape.js'
import { lockForAttempts, oneSuccess } from './one-success.js'
import { countFailures, countOutcomes, countStarted } from './prover-counters.js'

/** `wide`: one of the requests of a wide round, which every prover is sent at the same instant. */
export type AttemptKind = 'challenge' | 'inference' | 'wide'

export type Outcome = 'success' | 'failure' | 'neutral' | 'refused'

export interface NewAttempt extends ProverKey {
  requestId: string
  /** A challenge's interval; null for other kinds, whose interval is decided when they end. */
  n: number | null
  kind: AttemptKind
  inferenceId: string | null
  /** From 1; each failover increments it. */
  attemptNo: number
  /** The second prover of this attempt, asked because the first was slow to begin. */
  hedge: boolean
  body: Uint8Array
  bodySha256: string
  /** steps · frames · width · height */
  work: number
  counted: boolean
  apiKeyId: string | null
  deadlineMs: number
  /** The range of blocks whose limit it counts against; null for a challenge. */
  blockRange: number | null
  /** GPUs that the prover declares at this time; null if unknown. */
  gpus?: number | null
  /** The interval of the wide round that sends it. */
  wideN?: number | null
  wideRound?: number | null
  /** Time from sending until it is cancelled, as users cancel theirs; null: never. */
  cancelAfterMs?: number | null
  /** For a check that uses a user's prompt: sha256 of the prompt. */
  promptSha256?: string | null
}

/** How an attempt ended. Unknown values are null. */
export interface AttemptResult {
  outcome: Outcome
  reason: Reason
  /** For people; never contains a prompt. */
  message: string | null
  framesSha256: string | null
  traceRoot: string | null
  determinismClass: string | null
  modelRoot: string | null
  signature: string | null
  /** The nonce that the request was signed with: without it, evidence is void. */
  requestNonce: string | null
  requestSignature: string | null
  timings: Record<string, number> | null
  warnings: string[] | null
  elapsedUs: number | null
  firstRecordUs: number | null
  /**
   * Request ids of the valid `taken` confirmations that a refusal presented; null if it was not a refusal.
   */
  taken: string[] | null
}

/** The result fields of an attempt without an answer. */
export const NO_ANSWER = {
  framesSha256: null,
  traceRoot: null,
  determinismClass: null,
  modelRoot: null,
  signature: null,
  requestNonce: null,
  requestSignature: null,
  timings: null,
  warnings: null,
  elapsedUs: null,
  firstRecordUs: null,
  taken: null,
}

/** The result of an attempt that another prover began, or answered, first. */
export function hedgeLoserResult(): AttemptResult {
  return { ...NO_ANSWER, outcome: 'neutral', reason: 'outpaced', message: null }
}

type Unanswered = { [K in keyof AttemptResult]: AttemptResult[K] | null }

export interface AttemptRow extends Omit<NewAttempt, 'blockRange'>, Unanswered {
  /** Our other requests in flight at the prover when this was stored; null if an older version stored it. */
  inFlight: number | null
  /** This and the following times are by the database's clock. */
  askedAt: Date
  /** Null while it is in progress. */
  completedAt: Date | null
}

/** An attempt without its body: up to a hundred kilobytes of prompt that counting does not need. */
export type AttemptFacts = Omit<AttemptRow, 'body'>

export interface NewOutcome extends AttemptResult {
  requestId: string
  /** The check of kind `answer` that is stored with it. */
  verdict: Judgement | null
}

/** An attempt's recorded outcome after `recordOutcomes`. */
export interface RecordedOutcome {
  requestId: string
  n: number
  outcome: Outcome
  reason: Reason
}

const NEW = {
  requestId: 'uuid',
  n: 'integer',
  kind: 'text',
  inferenceId: 'uuid',
  attemptNo: 'integer',
  hedge: 'boolean',
  hotkey: 'text',
  registeredBlock: 'bigint',
  body: 'bytea',
  bodySha256: 'text',
  work: 'bigint',
  counted: 'boolean',
  apiKeyId: 'text',
  deadlineMs: 'integer',
  gpus: 'integer',
  wideN: 'integer',
  wideRound: 'integer',
  cancelAfterMs: 'integer',
  promptSha256: 'text',
  steps: 'integer',
  frames: 'integer',
  width: 'integer',
  height: 'integer',
} as const

const NO_SHAPE = { steps: null, frames: null, width: null, height: null }

const RESULT = {
  outcome: 'text',
  reason: 'text',
  message: 'text',
  framesSha256: 'text',
  traceRoot: 'text',
  determinismClass: 'text',
  modelRoot: 'text',
  signature: 'text',
  requestNonce: 'text',
  requestSignature: 'text',
  timings: 'jsonb',
  warnings: 'jsonb',
  elapsedUs: 'bigint',
  firstRecordUs: 'bigint',
} as const

const FACTS = `request_id, n, kind, inference_id, attempt_no, hedge, hotkey, registered_block, body_sha256, work,
  counted, api_key_id, deadline_ms, gpus, in_flight, wide_n, wide_round, cancel_after_ms, prompt_sha256, outcome, reason, message, frames_sha256, trace_root,
  determinism_class, model_root, signature, request_nonce, request_signature, timings, warnings, elapsed_us, first_record_us, taken, asked_at, completed_at`

/** Open attempts that may still end: one whose worker died is not in flight forever. */
const IN_FLIGHT = `attempts o WHERE o.netuid = $1 AND o.verifier = $2 AND o.outcome IS NULL
  AND o.asked_at BETWEEN clock_timestamp() - interval '1 day' AND clock_timestamp()
  AND o.asked_at > clock_timestamp() - make_interval(secs => o.deadline_ms / 1000.0)`

const COLUMNS = `${FACTS}, body`

const JSON_COLUMNS = {
  timings: z.record(z.string(), z.number()).nullable(),
  warnings: z.array(z.string()).nullable(),
}
const queryAttempts = jsonRows<AttemptRow>('attempts', (row) => row.requestId, JSON_COLUMNS)
const queryFacts = jsonRows<AttemptFacts>('attempts', (row) => row.requestId, JSON_COLUMNS)

/**
 * Stores attempts before they are sent, once each, in a transaction: from its end on they are in flight for the router.
 * @returns those that were not there before, in no particular order
 */
export async function insertAttempts(
  tx: Tx,
  id: VerifierId,
  rows: readonly NewAttempt[],
): Promise<AttemptFacts[]> {
  const shaped = rows.map((row) => ({ ...row, ...(shapeInBody(row.body) ?? NO_SHAPE) }))
  const added = batch<(typeof shaped)[number]>(NEW, shaped, 3)
  await lockForAttempts(
    tx,
    rows.map((row) => row.inferenceId),
  )
  const fresh = await queryFacts(
    tx,
    `INSERT INTO attempts (netuid, verifier, in_flight, ${added.names})
     SELECT $1, $2, (SELECT count(*) FROM ${IN_FLIGHT} AND o.hotkey = r.hotkey), ${added.names} FROM ${added.source}
     WHERE inference_id IS NULL OR NOT EXISTS (
       SELECT 1 FROM attempts a WHERE a.inference_id = r.inference_id AND a.outcome = 'success')
     ORDER BY request_id ON CONFLICT DO NOTHING RETURNING ${FACTS}`,
    [id.netuid, id.verifier, ...added.params],
  )
  const started = new Set(fresh.map(({ requestId }) => requestId))
  await countStarted(
    tx,
    id,
    rows.filter(({ requestId }) => started.has(requestId)),
  )
  return fresh
}

/**
 * Stores attempts before they are sent, once each. If two workers start the same attempt of a user's request,
 * the one stored first is kept, so send what is returned. A request that has its answer gets no further
 * attempt.
 * @returns the rows to send, in the order of `rows`, without those that were not stored
 */
export async function startAttempts(
  db: Database,
  id: VerifierId,
  rows: readonly NewAttempt[],
): Promise<AttemptRow[]> {
  const fresh = await db.tx((tx) => insertAttempts(tx, id, rows))
  if (fresh.length === rows.length) {
    const facts = new Map(fresh.map((row) => [row.requestId, row]))
    return rows.map(({ requestId, body }) => ({
      ...facts.get(requestId)!,
      body: Buffer.from(body),
    }))
  }
  const stored = await queryAttempts(
    db,
    `SELECT ${COLUMNS} FROM attempts WHERE request_id = ANY ($1) OR inference_id = ANY ($2)`,
    [rows.map((row) => row.requestId), rows.map((row) => row.inferenceId)],
  )
  return rows.flatMap(
    (row) =>
      stored.find((other) => other.requestId === row.requestId) ??
      stored.find(
        (other) =>
          row.inferenceId !== null &&
          other.inferenceId === row.inferenceId &&
          other.attemptNo === row.attemptNo &&
          other.hedge === row.hedge,
      ) ??
      [],
  )
}

/**
 * Records how attempts ended, all or none, at the database's time. An attempt that already has an outcome
 * keeps it, and an `answer` check is stored only with a newly recorded outcome. An attempt without an
 * interval gets the one that is open now, which cannot close before this commits. A user's request has at
 * most one success: a second one becomes `outpaced`, and so do attempts that are still open then.
 * @returns the recorded outcome of each known request id, in no particular order
 */
export async function recordOutcomes(
  db: Database,
  id: VerifierId,
  outcomes: readonly NewOutcome[],
): Promise<RecordedOutcome[]> {
  const set = Object.keys(RESULT).map((name) => {
    const column = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    return `${column} = given.${column}`
  })
  return db.tx(async (tx) => {
    await lockOutcomesShared(tx, id)
    const { late, open } = await oneSuccess(tx, outcomes)
    const outpaced = (requestId: string) => ({ requestId, ...hedgeLoserResult(), verdict: null })
    const all: NewOutcome[] = outcomes.map((row) =>
      late.has(row.requestId) ? outpaced(row.requestId) : row,
    )
    all.push(...open.map(outpaced))
    const flat = all.map(({ verdict, ...rest }) => ({
      ...rest,
      verdict: verdict?.verdict ?? null,
      verdictReason: verdict?.reason ?? null,
      rewardPpm: verdict?.rewardPpm ?? null,
      // As a string per row: PostgreSQL would unnest an array of arrays completely.
      taken: rest.taken === null ? null : `{${rest.taken.join(',')}}`,
    }))
    const given = batch<(typeof flat)[number]>(
      {
        requestId: 'uuid',
        ...RESULT,
        verdict: 'text',
        verdictReason: 'text',
        rewardPpm: 'integer',
        taken: 'text',
      },
      flat,
      3,
    )
    const these = givenOf(
      flat.map(({ requestId }) => requestId),
      3 + given.params.length,
    )
    // Rows are locked in a fixed order, so that two batches that share requests can't deadlock.
    const ended = await tx.query<RecordedOutcome>(
      `WITH given AS (SELECT * FROM ${given.source}),
       locked AS (
         SELECT request_id FROM attempts WHERE request_id ${these.condition}
         ORDER BY request_id FOR NO KEY UPDATE
       ),
       ended AS (
         UPDATE attempts a SET n = coalesce(a.n, ${CURRENT_N}), completed_at = clock_timestamp(),
           taken = given.taken::uuid[], ${set.join(', ')}
         FROM given JOIN locked USING (request_id)
         WHERE a.request_id = given.request_id AND a.outcome IS NULL
           AND a.netuid = $1 AND a.verifier = $2
         RETURNING a.n, a.request_id, a.outcome, a.reason, a.hotkey, a.registered_block,
           given.verdict, given.verdict_reason, given.reward_ppm
       ),
       checked AS (
         INSERT INTO verdicts (netuid, verifier, n, request_id, kind, hotkey, registered_block, verdict, reason, reward_ppm)
         SELECT $1, $2, n, request_id, 'answer', hotkey, registered_block, verdict, verdict_reason, reward_ppm
         FROM ended WHERE verdict IS NOT NULL
         ON CONFLICT DO NOTHING
       )
       SELECT request_id, n, outcome, reason FROM ended`,
      [id.netuid, id.verifier, ...given.params, these.param],
      these.prepared('record-outcome'),
    )
    // A statement of its own: of how many rows an update finds PostgreSQL knows nothing, and joins them one by one.
    await countOutcomes(
      tx,
      id,
      ended.map(({ requestId }) => requestId),
    )
    if (ended.length === outcomes.length && open.length === 0) return ended
    return tx.query<RecordedOutcome>(
      `SELECT request_id, n, outcome, reason FROM attempts
       WHERE request_id = ANY ($3) AND netuid = $1 AND verifier = $2 AND outcome IS NOT NULL`,
      [id.netuid, id.verifier, outcomes.map((row) => row.requestId)],
    )
  })
}

/** Our requests in flight at each prover, of any kind: sent, outcome not known yet. */
export async function requestsInFlight(
  db: Queryable,
  id: VerifierId,
): Promise<Map<string, string[]>> {
  const rows = await db.query<{ hotkey: string; requestIds: string[] }>(
    `SELECT o.hotkey, array_agg(o.request_id::text ORDER BY o.request_id) AS request_ids FROM ${IN_FLIGHT}
     GROUP BY o.hotkey`,
    [id.netuid, id.verifier],
  )
  return new Map(rows.map(({ hotkey, requestIds }) => [hotkey, requestIds]))
}

/** Ordered by request id; unknown ids are left out. */
export async function attemptsById(
  db: Queryable,
  requestIds: readonly string[],
): Promise<AttemptRow[]> {
  return queryAttempts(
    db,
    `SELECT ${COLUMNS} FROM attempts WHERE request_id = ANY ($1) ORDER BY request_id`,
    [requestIds],
  )
}

/** The same without bodies. */
export async function attemptFacts(
  db: Queryable,
  requestIds: readonly string[],
): Promise<AttemptFacts[]> {
  return queryFacts(
    db,
    `SELECT ${FACTS} FROM attempts WHERE request_id = ANY ($1) ORDER BY request_id`,
    [requestIds],
  )
}

/** The attempts at a user's request, in order. */
export async function attemptsOf(db: Queryable, inferenceId: string): Promise<AttemptRow[]> {
  return queryAttempts(
    db,
    `SELECT ${COLUMNS} FROM attempts WHERE inference_id = $1 ORDER BY attempt_no, hedge`,
    [inferenceId],
    { prepare: 'attempts-of' },
  )
}

/** The same of a job, where its request is not known yet. */
export async function attemptsOfJob(db: Queryable, jobId: string): Promise<AttemptRow[]> {
  return queryAttempts(
    db,
    `SELECT ${COLUMNS} FROM attempts WHERE inference_id = (SELECT inference_id FROM jobs WHERE id = $1)
     ORDER BY attempt_no, hedge`,
    [jobId],
    { prepare: 'attempts-of-job' },
  )
}

/** An interval's attempts, with an outcome or (challenges) without one yet, by request id. */
export async function answersOfInterval(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<AttemptFacts[]> {
  return queryFacts(
    db,
    `SELECT ${FACTS} FROM attempts WHERE netuid = $1 AND verifier = $2 AND n = $3 ORDER BY request_id`,
    [id.netuid, id.verifier, n],
  )
}

/**
 * A prover said that a request is impossible, or ran out of memory, and another one then completed it: what
 * was nobody's fault becomes a failure of the first, while its interval is open.
 */
export async function chargeNeutralAttempts(
  db: Database,
  id: VerifierId,
  inferenceId: string,
): Promise<void> {
  await db.tx(async (tx) => {
    await lockOutcomesShared(tx, id)
    const blamed = await tx.query<Blamed>(
      `UPDATE attempts a SET outcome = 'failure'
       WHERE a.inference_id = $3 AND a.netuid = $1 AND a.verifier = $2 AND a.outcome = 'neutral'
         AND a.reason = ANY ($4)
         AND NOT EXISTS (
           SELECT 1 FROM intervals i
           WHERE i.netuid = $1 AND i.verifier = $2 AND i.n = a.n AND i.closed_at IS NOT NULL)
       RETURNING a.n, a.request_id, a.hotkey, a.registered_block, a.outcome, a.reason`,
      [id.netuid, id.verifier, inferenceId, MAYBE_IMPOSSIBLE],
    )
    for (const { n, ...row } of blamed) {
      const check = answerCheck(row)
      if (check === null) continue
      const { requestId, hotkey, registeredBlock } = row
      const verdict = { requestId, kind: 'answer', hotkey, registeredBlock, ...check } as const
      await insertVerdicts(tx, id, n, [{ ...verdict, detail: null }])
    }
    await countFailures(tx, id, blamed)
  })
}

interface Blamed extends ProverKey {
  requestId: string
  n: number
  outcome: Outcome
  reason: Reason
}
