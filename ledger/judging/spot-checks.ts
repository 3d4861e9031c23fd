import { z } from 'zod'
import { isDigestHex } from '../../formats/bytes.js'
import type { SpotCheckInput } from '../../rules/judge/judge-spot-check.js'
import type { ProverKey } from '../../rules/settle/settlement.js'
import type { Queryable } from '../database.js'
import { jsonRows } from '../json-rows.js'
import { OLD_SHAPE, SHAPE } from '../requests/body-shape.js'
import { batch } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

/** An answer that may be drawn: delivered, not a challenge, not drawn yet. */
export interface SpotCheckCandidate {
  requestId: string
  /** The request's bytes. */
  body: Buffer
  traceRoot: string
  /** Whether its opening may still be requested. */
  inTime: boolean
}

export interface NewSpotCheck {
  requestId: string
  /** 1 … steps. */
  step: number
  /** 1 … frames. */
  frame: number
  costUs: number
}

/** A spot check that has to be opened. */
export interface UnopenedRow extends NewSpotCheck {
  hotkey: string
  registeredBlock: number
  body: Buffer
  /** As it was signed with the answer. */
  traceRoot: string
  /** How often it was asked without an answer. */
  tries: number
  /** Since the answer arrived, by PostgreSQL's clock. */
  sinceDeliveredMs: number
}

export interface OpenedStates {
  /** d_0 … d_steps, then f_1 … f_frames. */
  digests: Uint8Array
  stateBefore: Uint8Array
  stateAfter: Uint8Array
  finalLatents: Uint8Array
}

/** A spot check that is open and has to be recomputed. */
export interface OpenedRow extends OpenedStates {
  requestId: string
  step: number
  frame: number
  body: Buffer
  framesSha256: string
  traceRoot: string
}

export type SpotCheckFacts = NonNullable<SpotCheckInput['facts']>
export type SpotCheckConfirmation = NonNullable<SpotCheckInput['confirmation']>

/** What is known of a spot check when its verdict is given. */
export interface SpotCheckRow {
  requestId: string
  step: number
  frame: number
  opening: SpotCheckInput['opening']
  message: string | null
  /** The verifier's, once it has computed. */
  determinismClass: string | null
  facts: SpotCheckFacts | null
  confirmation: SpotCheckConfirmation | null
}

const digest = z.string().refine(isDigestHex)
const deviation = z.int().min(0).nullable().default(null)
const recomputed = z.object({
  initial: digest,
  after: digest,
  frame: digest,
  // Missing in rows of older versions.
  stepDeviation: deviation,
  frameDeviation: deviation,
})

const querySpotChecks = jsonRows<SpotCheckRow>('spot_checks', (row) => row.requestId, {
  facts: z
    .object({
      claimed: z.object({
        traceRoot: digest,
        framesSha256: digest,
        initial: digest,
        before: digest,
        after: digest,
        final: digest,
        frame: digest,
      }),
      opened: z.object({ before: digest, after: digest, final: digest, finite: z.boolean() }),
      recomputed,
    })
    .nullable(),
  confirmation: z.object({ recomputed, knownAnswerOk: z.boolean() }).nullable(),
})

const OF = 's.netuid = $1 AND s.verifier = $2 AND s.n = $3'

/**
 * Answers of an interval that were not drawn. Without `all`, only those whose opening may still be requested.
 * @param classes determinism classes that can be computed here
 * @param windowSeconds how long after its end an answer can be opened
 */
export async function spotCheckCandidates(
  db: Queryable,
  id: VerifierId,
  n: number,
  {
    windowSeconds,
    all,
    classes,
  }: { windowSeconds: number; all: boolean; classes: readonly string[] },
): Promise<SpotCheckCandidate[]> {
  return db.query(
    `SELECT a.request_id, a.body, a.trace_root,
       (1000 * extract(epoch FROM now() - a.completed_at))::double precision AS since_delivered_ms
     FROM attempts a
     WHERE a.netuid = $1 AND a.verifier = $2 AND a.n = $3 AND a.kind <> 'challenge' AND a.outcome = 'success'
       AND ($5 OR a.completed_at > now() - make_interval(secs => $4)) AND a.determinism_class = ANY ($6)
       AND NOT EXISTS (SELECT FROM spot_checks s WHERE s.request_id = a.request_id)
     ORDER BY a.completed_at, a.request_id`,
    [id.netuid, id.verifier, n, windowSeconds, all, classes],
  )
}

/** An answer that was delivered in an interval, and its class. */
interface DeliveredRow extends ProverKey {
  requestId: string
  determinismClass: string
}

/** An interval's answers except challenges that were not drawn and have no spot check, of other classes than these. */
export async function uncheckedOfOtherClasses(
  db: Queryable,
  id: VerifierId,
  n: number,
  classes: readonly string[],
): Promise<DeliveredRow[]> {
  return db.query(
    `SELECT a.request_id, a.hotkey, a.registered_block, a.determinism_class
     FROM attempts a
     WHERE a.netuid = $1 AND a.verifier = $2 AND a.n = $3 AND a.kind <> 'challenge' AND a.outcome = 'success'
       AND a.determinism_class <> ALL ($4)
       AND NOT EXISTS (SELECT FROM spot_checks s WHERE s.request_id = a.request_id)
       AND NOT EXISTS (SELECT FROM verdicts v WHERE v.netuid = $1 AND v.verifier = $2 AND v.n = $3
         AND v.request_id = a.request_id AND v.kind = 'spotcheck')
     ORDER BY a.request_id`,
    [id.netuid, id.verifier, n, classes],
  )
}

/** Stores draws, once each. */
export async function putSpotChecks(
  db: Queryable,
  id: VerifierId,
  n: number,
  rows: readonly NewSpotCheck[],
): Promise<void> {
  const added = batch<NewSpotCheck>(
    { requestId: 'uuid', step: 'integer', frame: 'integer', costUs: 'bigint' },
    rows,
    4,
  )
  await db.execute(
    `INSERT INTO spot_checks (netuid, verifier, n, ${added.names})
     SELECT $1, $2, $3, ${added.names} FROM ${added.source} ON CONFLICT DO NOTHING`,
    [id.netuid, id.verifier, n, ...added.params],
  )
}

/** Microseconds that an interval's spot checks have cost so far. */
export async function spotCheckSpending(db: Queryable, id: VerifierId, n: number): Promise<number> {
  const [row] = await db.query<{ spent: number }>(
    `SELECT coalesce(sum(s.cost_us), 0)::bigint AS spent FROM spot_checks s WHERE ${OF}`,
    [id.netuid, id.verifier, n],
  )
  return row!.spent
}

/** Pixels (frames · width · height) of everything delivered in an interval except challenges. */
export async function deliveredPixels(db: Queryable, id: VerifierId, n: number): Promise<number> {
  const [row] = await db.query<{ pixels: number }>(
    `SELECT coalesce(sum(${SHAPE.frames}::bigint * ${SHAPE.width} * ${SHAPE.height}), 0)::bigint AS pixels
     FROM attempts a ${OLD_SHAPE}
     WHERE a.netuid = $1 AND a.verifier = $2 AND a.n = $3 AND a.kind <> 'challenge' AND a.outcome = 'success'`,
    [id.netuid, id.verifier, n],
  )
  return row!.pixels
}

export async function unopened(db: Queryable, id: VerifierId, n: number): Promise<UnopenedRow[]> {
  return db.query(
    `SELECT s.request_id, s.step, s.frame, s.cost_us, s.tries, a.hotkey, a.registered_block, a.body, a.trace_root,
       (1000 * extract(epoch FROM now() - a.completed_at))::double precision AS since_delivered_ms
     FROM spot_checks s JOIN attempts a USING (request_id)
     WHERE ${OF} AND s.opening IS NULL ORDER BY s.request_id`,
    [id.netuid, id.verifier, n],
  )
}

/** Stores the outcome of requesting an opening, once. */
export async function putOpening(
  db: Queryable,
  requestId: string,
  ended:
    | { opening: 'opened'; states: OpenedStates }
    | { opening: 'refused' | 'own_fault'; message: string },
): Promise<void> {
  const states = ended.opening === 'opened' ? ended.states : null
  await db.execute(
    `UPDATE spot_checks SET opening = $2, opened_at = now(), message = $3, digests = $4, state_before = $5,
       state_after = $6, final_latents = $7
     WHERE request_id = $1 AND opening IS NULL`,
    [
      requestId,
      ended.opening,
      ended.opening === 'opened' ? null : ended.message,
      states?.digests ?? null,
      states?.stateBefore ?? null,
      states?.stateAfter ?? null,
      states?.finalLatents ?? null,
    ],
  )
}

/** Counts another attempt that nobody answered. */
export async function countTries(db: Queryable, requestIds: readonly string[]): Promise<void> {
  await db.execute('UPDATE spot_checks SET tries = tries + 1 WHERE request_id = ANY ($1)', [
    requestIds,
  ])
}

/** Request ids of spot checks that are open and not computed, in the order in which they were opened. */
export async function uncomputed(db: Queryable, id: VerifierId, n: number): Promise<string[]> {
  const rows = await db.query<{ requestId: string }>(
    `SELECT s.request_id FROM spot_checks s
     WHERE ${OF} AND s.opening = 'opened' AND s.facts IS NULL ORDER BY s.opened_at, s.request_id`,
    [id.netuid, id.verifier, n],
  )
  return rows.map(({ requestId }) => requestId)
}

/** A spot check, if it is open; else null. */
export async function openedSpotCheck(db: Queryable, requestId: string): Promise<OpenedRow | null> {
  const [row] = await db.query<OpenedRow>(
    `SELECT s.request_id, s.step, s.frame, s.digests, s.state_before, s.state_after, s.final_latents, a.body,
       a.frames_sha256, a.trace_root
     FROM spot_checks s JOIN attempts a USING (request_id)
     WHERE s.request_id = $1 AND s.opening = 'opened' AND s.state_before IS NOT NULL`,
    [requestId],
  )
  return row ?? null
}

/** Stores what was computed, once. */
export async function putSpotCheckFacts(
  db: Queryable,
  requestId: string,
  {
    facts,
    determinismClass,
    elapsedUs,
  }: { facts: SpotCheckFacts; determinismClass: string; elapsedUs: number },
): Promise<void> {
  await db.execute(
    `UPDATE spot_checks SET facts = $2, determinism_class = $3, elapsed_us = $4, computed_at = now()
     WHERE request_id = $1 AND facts IS NULL`,
    [requestId, JSON.stringify(facts), determinismClass, elapsedUs],
  )
}

/** Stores the second computation, once. */
export async function putSpotCheckConfirmation(
  db: Queryable,
  requestId: string,
  confirmation: SpotCheckConfirmation,
): Promise<void> {
  await db.execute(
    'UPDATE spot_checks SET confirmation = coalesce(confirmation, $2) WHERE request_id = $1',
    [requestId, JSON.stringify(confirmation)],
  )
}

/** By request id. */
export async function spotChecksOf(
  db: Queryable,
  requestIds: readonly string[],
): Promise<SpotCheckRow[]> {
  return querySpotChecks(
    db,
    `SELECT request_id, step, frame, opening, message, determinism_class, facts, confirmation FROM spot_checks
     WHERE request_id = ANY ($1) ORDER BY request_id`,
    [requestIds],
  )
}

/** Removes the states of spot checks that have a verdict. */
export async function dropStates(db: Queryable, requestIds: readonly string[]): Promise<void> {
  await db.execute(
    `UPDATE spot_checks SET state_before = NULL, state_after = NULL, final_latents = NULL
     WHERE request_id = ANY ($1)`,
    [requestIds],
  )
}
