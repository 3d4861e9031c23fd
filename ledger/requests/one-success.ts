import type { Tx } from '../database.js'
import { givenOf } from '../rows.js'

/** How the rule that a user's request has at most one success changes a batch of outcomes. */
export interface OneSuccess {
  /** Reported as successes of requests that already have one: they become `outpaced`. */
  readonly late: ReadonlySet<string>
  /** Still open, for requests that now have a success: their answers are no longer needed. */
  readonly open: readonly string[]
}

interface Found {
  requestId: string
  inferenceId: string
  outcome: string | null
}

/**
 * Two workers may work on one user's request concurrently: a direct run whose claim has expired, and the
 * workflow. Locks the requests until the transaction ends, so that each sees the other's success, and no
 * attempt is started unnoticed (`startAttempts` takes the lock too). Does not concern challenges, which are
 * not users' requests.
 */
export async function oneSuccess(
  tx: Tx,
  outcomes: readonly { requestId: string; outcome: string }[],
): Promise<OneSuccess> {
  const given = givenOf(
    outcomes.map(({ requestId }) => requestId),
    1,
  )
  const locked = await tx.query<{ id: string }>(
    `SELECT id FROM inference_requests
     WHERE id IN (SELECT inference_id FROM attempts WHERE request_id ${given.condition})
     ORDER BY id FOR NO KEY UPDATE`,
    [given.param],
    given.prepared('lock-request'),
  )
  const late = new Set<string>()
  const open: string[] = []
  if (locked.length === 0) return { late, open }
  // A separate statement: it sees what was committed while waiting for the locks.
  const asked = givenOf(
    locked.map(({ id }) => id),
    1,
  )
  const rows = await tx.query<Found>(
    `SELECT request_id, inference_id, outcome FROM attempts
     WHERE inference_id ${asked.condition} AND (outcome IS NULL OR outcome = 'success')
     ORDER BY attempt_no, hedge`,
    [asked.param],
    asked.prepared('answers-of-request'),
  )
  const said = new Map(outcomes.map(({ requestId, outcome }) => [requestId, outcome]))
  const won = new Set(rows.filter((row) => row.outcome !== null).map((row) => row.inferenceId))
  const unsaid: Found[] = []
  for (const row of rows) {
    if (row.outcome !== null) continue
    if (!said.has(row.requestId)) unsaid.push(row)
    if (said.get(row.requestId) !== 'success') continue
    if (won.has(row.inferenceId)) late.add(row.requestId)
    won.add(row.inferenceId)
  }
  open.push(...unsaid.filter((row) => won.has(row.inferenceId)).map((row) => row.requestId))
  return { late, open }
}

/** Locks users' requests while attempts at them are stored. */
export async function lockForAttempts(
  tx: Tx,
  inferenceIds: readonly (string | null)[],
): Promise<void> {
  const ids = inferenceIds.filter((id) => id !== null)
  if (ids.length === 0) return
  const given = givenOf(ids, 1)
  await tx.query(
    `SELECT 1 FROM inference_requests WHERE id ${given.condition} ORDER BY id FOR SHARE`,
    [given.param],
    given.prepared('share-request'),
  )
}
