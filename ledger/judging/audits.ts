import { z } from 'zod'
import type { Queryable, Tx } from '../database.js'
import { jsonRows } from '../json-rows.js'
import type { VerifierId } from '../verifier-id.js'

/** A counted answer that may be recomputed. */
export interface AuditCandidateRow {
  requestId: string
  openingRefused: boolean
}

/** What an interval's audits were drawn from, in addition to the secret and the block's hash. */
export interface AuditInputs {
  answers: readonly AuditCandidateRow[]
  max: number
}

const queryDraws = jsonRows<{ n: number; inputs: AuditInputs }>('audit_draws', (row) => row.n, {
  inputs: z.looseObject({
    answers: z.array(z.looseObject({ requestId: z.string(), openingRefused: z.boolean() })),
    max: z.int().min(0),
  }),
})

/**
 * Stores an interval's draw of audits, once, even if it is empty.
 * @returns the stored draw
 */
export async function putAudits(
  tx: Tx,
  id: VerifierId,
  n: number,
  requestIds: readonly string[],
  inputs: AuditInputs,
): Promise<string[]> {
  const first = await tx.execute(
    'INSERT INTO audit_draws (netuid, verifier, n, inputs) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING',
    [id.netuid, id.verifier, n, JSON.stringify(inputs)],
  )
  if (first === 1) {
    await tx.execute(
      `INSERT INTO audits (netuid, verifier, n, request_id)
       SELECT $1, $2, $3, unnest($4::uuid[]) ON CONFLICT DO NOTHING`,
      [id.netuid, id.verifier, n, requestIds],
    )
  }
  return (await auditsOf(tx, id, n))!
}

/** The request ids drawn for an interval; null before the draw. */
export async function auditsOf(db: Queryable, id: VerifierId, n: number): Promise<string[] | null> {
  const rows = await db.query<{ requestId: string | null }>(
    `SELECT a.request_id FROM audit_draws d LEFT JOIN audits a USING (netuid, verifier, n)
     WHERE d.netuid = $1 AND d.verifier = $2 AND d.n = $3 ORDER BY a.request_id`,
    [id.netuid, id.verifier, n],
  )
  if (rows.length === 0) return null
  return rows.flatMap(({ requestId }) => (requestId === null ? [] : [requestId]))
}

/** By request id. */
export async function auditCandidates(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<AuditCandidateRow[]> {
  return db.query(
    `SELECT a.request_id, EXISTS (
       SELECT FROM spot_checks s WHERE s.request_id = a.request_id AND s.opening = 'refused') AS opening_refused
     FROM attempts a
     WHERE a.netuid = $1 AND a.verifier = $2 AND a.n = $3 AND a.kind <> 'challenge' AND a.counted
       AND a.outcome = 'success'
     ORDER BY a.request_id`,
    [id.netuid, id.verifier, n],
  )
}

/** What an interval's audits were drawn from; null before the draw. */
export async function auditInputs(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<AuditInputs | null> {
  const [row] = await queryDraws(
    db,
    'SELECT n, inputs FROM audit_draws WHERE netuid = $1 AND verifier = $2 AND n = $3',
    [id.netuid, id.verifier, n],
  )
  return row?.inputs ?? null
}
