import type { ProverKey } from '../../rules/settle/settlement.js'
import type { Reason, Verdict } from '../../rules/verdicts.js'
import type { Queryable } from '../database.js'
import { jsonObject, jsonRows } from '../json-rows.js'
import { batch } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'
import { countChecks } from './checks-since-cheat.js'

export const CHECK_KINDS = ['answer', 'challenge', 'audit', 'spotcheck'] as const

export type CheckKind = (typeof CHECK_KINDS)[number]

export interface NewVerdict extends ProverKey {
  requestId: string
  kind: CheckKind
  verdict: Verdict
  reason: Reason
  rewardPpm: number | null
  /** Facts behind the reason, for those who ask why. */
  detail: Record<string, unknown> | null
  /** For a cheat: the hash of its evidence; null or absent if there is none. */
  evidenceSha256?: string | null
}

export interface VerdictRow extends NewVerdict {
  evidenceSha256: string | null
  n: number
  decidedAt: Date
}

export const VERDICT_COLUMNS =
  'n, request_id, kind, hotkey, registered_block, verdict, reason, reward_ppm, detail, evidence_sha256, decided_at'

/** For statements that select VERDICT_COLUMNS. */
export const queryVerdicts = jsonRows<VerdictRow>(
  'verdicts',
  (row) => `${row.requestId} ${row.kind}`,
  { detail: jsonObject.nullable() },
)

/**
 * Stores checks that count in interval n, once each; what is already recorded is kept.
 * @returns those that were not recorded before
 */
export async function insertVerdicts(
  db: Queryable,
  id: VerifierId,
  n: number,
  rows: readonly NewVerdict[],
): Promise<Pick<NewVerdict, 'kind' | 'verdict'>[]> {
  const added = batch<NewVerdict>(
    {
      requestId: 'uuid',
      kind: 'text',
      hotkey: 'text',
      registeredBlock: 'bigint',
      verdict: 'text',
      reason: 'text',
      rewardPpm: 'integer',
      detail: 'jsonb',
      evidenceSha256: 'text',
    },
    rows,
    4,
  )
  const fresh = await db.query<Pick<NewVerdict, 'kind' | 'verdict' | 'hotkey' | 'registeredBlock'>>(
    `INSERT INTO verdicts (netuid, verifier, n, ${added.names})
     SELECT $1, $2, $3, ${added.names} FROM ${added.source} ORDER BY request_id, kind ON CONFLICT DO NOTHING
     RETURNING kind, verdict, hotkey, registered_block`,
    [id.netuid, id.verifier, n, ...added.params],
  )
  await countChecks(db, id, fresh)
  return fresh
}

/** An interval's checks by request id; with `round`, those of that round's challenges. */
export async function verdictsOf(
  db: Queryable,
  id: VerifierId,
  n: number,
  { round }: { round?: number } = {},
): Promise<VerdictRow[]> {
  return queryVerdicts(
    db,
    `SELECT ${VERDICT_COLUMNS} FROM verdicts v
     WHERE netuid = $1 AND verifier = $2 AND n = $3
       AND ($4::integer IS NULL OR EXISTS (
         SELECT 1 FROM plan_items i WHERE i.request_id = v.request_id AND i.round = $4))
     ORDER BY request_id, kind`,
    [id.netuid, id.verifier, n, round ?? null],
  )
}

/** A page of checks begins after this one. */
export interface CheckCursor {
  requestId: string
  kind: CheckKind
}

/**
 * A page of an interval's checks, in the order of `verdictsOf`. Rows of kind `answer` are left out: there is
 * one for each failed user request, without limit.
 */
export async function checksPage(
  db: Queryable,
  id: VerifierId,
  n: number,
  { after, limit }: { after: CheckCursor | null; limit: number },
): Promise<VerdictRow[]> {
  return queryVerdicts(
    db,
    `SELECT ${VERDICT_COLUMNS} FROM verdicts
     WHERE netuid = $1 AND verifier = $2 AND n = $3 AND kind <> 'answer'
       AND ($4::uuid IS NULL OR (request_id, kind) > ($4::uuid, $5::text))
     ORDER BY request_id, kind LIMIT $6`,
    [id.netuid, id.verifier, n, after?.requestId ?? null, after?.kind ?? null, limit],
  )
}

export interface UnjudgedRow extends ProverKey {
  requestId: string
  kind: 'challenge' | 'audit' | 'spotcheck'
  /** Null: never started, or no outcome yet. */
  outcome: 'success' | 'failure' | 'neutral' | 'refused' | null
  reason: string | null
}

/**
 * Planned challenges, drawn audits and spot checks of an interval that have no verdict yet, by request id.
 */
export async function unjudged(db: Queryable, id: VerifierId, n: number): Promise<UnjudgedRow[]> {
  return db.query(
    `WITH due AS (
       SELECT request_id, 'challenge' AS kind, hotkey, registered_block FROM plan_items
       WHERE netuid = $1 AND verifier = $2 AND n = $3
       UNION ALL
       SELECT u.request_id, 'audit', a.hotkey, a.registered_block
       FROM audits u JOIN attempts a USING (request_id)
       WHERE u.netuid = $1 AND u.verifier = $2 AND u.n = $3
       UNION ALL
       SELECT s.request_id, 'spotcheck', a.hotkey, a.registered_block
       FROM spot_checks s JOIN attempts a USING (request_id)
       WHERE s.netuid = $1 AND s.verifier = $2 AND s.n = $3
     )
     SELECT due.request_id, due.kind, due.hotkey, due.registered_block, a.outcome, a.reason
     FROM due LEFT JOIN attempts a USING (request_id)
     WHERE NOT EXISTS (
       SELECT 1 FROM verdicts v WHERE v.netuid = $1 AND v.verifier = $2 AND v.n = $3
         AND v.request_id = due.request_id AND v.kind = due.kind)
     ORDER BY due.request_id, due.kind`,
    [id.netuid, id.verifier, n],
  )
}
