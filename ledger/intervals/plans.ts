import type { PlannedRound } from '../../rules/plan/plan-types.js'
import type { ProverKey } from '../../rules/settle/settlement.js'
import type { Queryable, Tx } from '../database.js'
import { jsonObject, jsonRows } from '../json-rows.js'
import { batch, firstOrNull } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

export interface PlanHeader {
  rounds: number
  /** The class's certified time when the plan was drawn: floor(µs · 10^6 / work). */
  gpuUsPerWork: number | null
  /** The class's cold price at that moment, µs; 0 on a CPU, and where an older version drew the plan. */
  gpuColdUs: number
  /** Microseconds for spot checks; null if the interval was opened by a version without them. */
  spotCheckBudgetUs: number | null
  /** What checking every answer of the previous interval would have cost, in microseconds. */
  spotCheckCostUs: number | null
  /** What it was drawn from, in addition to the secret and the block's hash. */
  inputs: Record<string, unknown>
}

export interface PlanRow extends PlanHeader {
  n: number
  drawnAt: Date
}

/** When a round begins, and which provers it found then. */
export interface PlanRoundRow extends PlannedRound {
  /** Null until the round begins. */
  askedAt: Date | null
  /** Its index among the rounds that have begun; null until then. */
  begun: number | null
  /**
   * Hotkeys of the provers it left out: they had no room, or no user's request would have gone there either.
   */
  busy: string[]
}

/** A challenge, drawn when its round begins. */
export interface PlanItemRow extends ProverKey {
  requestId: string
  round: number
  /** Index in the round, from 0. */
  k: number
  /** The last final block at that moment. */
  momentBlock: number
  deadlineMs: number
  /** Milliseconds; null: never cancelled. */
  cancelAfterMs: number | null
  /** The request body, byte for byte. */
  body: Uint8Array
  bodySha256: string
  /** For one with a user's prompt: the prompt's hash. */
  promptSha256: string | null
}

const ITEM = {
  requestId: 'uuid',
  round: 'integer',
  k: 'integer',
  hotkey: 'text',
  registeredBlock: 'bigint',
  momentBlock: 'bigint',
  deadlineMs: 'integer',
  cancelAfterMs: 'integer',
  body: 'bytea',
  bodySha256: 'text',
  promptSha256: 'text',
} as const

const queryPlans = jsonRows<PlanRow>('plans', (row) => row.n, { inputs: jsonObject })

/** Stores a plan, once. @returns false if there already was one, which is kept */
export async function insertPlan(
  tx: Tx,
  id: VerifierId,
  n: number,
  header: PlanHeader,
  rounds: readonly PlannedRound[],
): Promise<boolean> {
  const inserted = await tx.execute(
    `INSERT INTO plans (netuid, verifier, n, rounds, gpu_us_per_work, gpu_cold_us, inputs, spot_check_budget_us, spot_check_cost_us)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
    [
      id.netuid,
      id.verifier,
      n,
      header.rounds,
      header.gpuUsPerWork,
      header.gpuColdUs,
      JSON.stringify(header.inputs),
      header.spotCheckBudgetUs,
      header.spotCheckCostUs,
    ],
  )
  if (inserted === 0) return false
  const rows = batch<PlannedRound>(
    { kind: 'text', round: 'integer', momentMs: 'bigint' },
    rounds,
    4,
  )
  await tx.execute(
    `INSERT INTO plan_rounds (netuid, verifier, n, ${rows.names})
     SELECT $1, $2, $3, ${rows.names} FROM ${rows.source}`,
    [id.netuid, id.verifier, n, ...rows.params],
  )
  return true
}

/** Ordered by time; empty for a plan that an older version drew. */
export async function planRounds(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<PlanRoundRow[]> {
  return db.query(
    `SELECT kind, round, moment_ms, asked_at, busy, CASE WHEN asked_at IS NOT NULL
       THEN (row_number() OVER (ORDER BY asked_at, kind, round) - 1)::integer END AS begun
     FROM plan_rounds
     WHERE netuid = $1 AND verifier = $2 AND n = $3 ORDER BY moment_ms, kind, round`,
    [id.netuid, id.verifier, n],
  )
}

/** Until the transaction ends, no other round of the interval begins: it is well defined which samples a later one saw. */
export async function lockRounds(tx: Tx, id: VerifierId, n: number): Promise<void> {
  await tx.query(
    `SELECT pg_advisory_xact_lock(hashtextextended('rounds/' || $1::integer || '/' || $2::text || '/' || $3::integer, 0))`,
    [id.netuid, id.verifier, n],
  )
}

/**
 * Begins a round, once, with `lockRounds`.
 * @param found which provers it leaves out now
 * @returns false if it had already begun, or is not part of the plan
 */
export async function beginRound(
  tx: Tx,
  id: VerifierId,
  n: number,
  { kind, round, busy }: Pick<PlanRoundRow, 'kind' | 'round' | 'busy'>,
): Promise<boolean> {
  await lockRounds(tx, id, n)
  const begun = await tx.execute(
    `UPDATE plan_rounds SET asked_at = clock_timestamp(), busy = $6
     WHERE netuid = $1 AND verifier = $2 AND n = $3 AND kind = $4 AND round = $5 AND asked_at IS NULL`,
    [id.netuid, id.verifier, n, kind, round, busy],
  )
  return begun === 1
}

/** Stores a round's challenges, in the transaction that begins it. */
export async function insertPlanItems(
  tx: Tx,
  id: VerifierId,
  n: number,
  items: readonly PlanItemRow[],
): Promise<void> {
  const rows = batch<PlanItemRow>(ITEM, items, 4)
  await tx.execute(
    `INSERT INTO plan_items (netuid, verifier, n, ${rows.names})
     SELECT $1, $2, $3, ${rows.names} FROM ${rows.source}`,
    [id.netuid, id.verifier, n, ...rows.params],
  )
}

/** The plan without its items; null if none was drawn. */
export async function planOf(db: Queryable, id: VerifierId, n: number): Promise<PlanRow | null> {
  return firstOrNull(
    await queryPlans(
      db,
      `SELECT n, rounds, gpu_us_per_work, gpu_cold_us, inputs, spot_check_budget_us, spot_check_cost_us, drawn_at FROM plans
       WHERE netuid = $1 AND verifier = $2 AND n = $3`,
      [id.netuid, id.verifier, n],
    ),
  )
}

/** A plan item as the public sees it: without its prompt. */
export type RevealedPlanItem = Omit<PlanItemRow, 'body' | 'cancelAfterMs' | 'promptSha256'>

const REVEALED = `request_id, round, k, hotkey, registered_block, moment_block, deadline_ms, body_sha256`

/** The plan of a final interval, ordered by round and index; empty for any other interval. */
export async function revealedPlan(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<RevealedPlanItem[]> {
  return db.query(
    `SELECT ${REVEALED} FROM revealed_plan_items WHERE netuid = $1 AND verifier = $2 AND n = $3 ORDER BY round, k`,
    [id.netuid, id.verifier, n],
  )
}

/** Ordered by round and index. */
export async function planItems(
  db: Queryable,
  id: VerifierId,
  n: number,
  { round }: { round?: number } = {},
): Promise<PlanItemRow[]> {
  return db.query(
    `SELECT ${REVEALED}, cancel_after_ms, prompt_sha256, body FROM plan_items
     WHERE netuid = $1 AND verifier = $2 AND n = $3 AND ($4::integer IS NULL OR round = $4)
     ORDER BY round, k`,
    [id.netuid, id.verifier, n, round ?? null],
  )
}
