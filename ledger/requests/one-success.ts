import type { Tx } from '../database.js'

/** What the rule that a user's request has one success at most makes of a batch of outcomes. */
export interface OneSuccess {
  /** Said to be successes, of requests that have one already: they are outpaced. */
  readonly late: ReadonlySet<string>
  /** Still open, of requests that have a success now: their answers are no longer needed. */
  readonly open: readonly string[]
}

interface Found {
  requestId: string
  inferenceId: string
  outcome: string | null
}

/**
 * Two workers may work on one user's request concurrently: its direct run, whose lease lapsed, and its
 * workflow. Locks the requests until the transaction ends, so that each finds the other's success, and
 * no attempt is started unseen (`startAttempts` takes the lock too). Challenges are nobody's request.
 */
export async function oneSuccess(
  tx: Tx,
  outcomes: readonly { requestId: string; outcome: string }[],
): Promise<OneSuccess> {
  const locked = await tx.query<{ id: string }>(
    `SELECT id FROM inference_requests
     WHERE id IN (SELECT inference_id FROM attempts WHERE request_id = ANY ($1))
     ORDER BY id FOR NO KEY UPDATE`,
    [outcomes.map(({ requestId }) => requestId)],
  )
  const late = new Set<string>()
  const open: string[] = []
  if (locked.length === 0) return { late, open }
  // A statement of its own: it sees what was committed while the locks were waited for.
  const rows = await tx.query<Found>(
    `SELECT request_id, inference_id, outcome FROM attempts
     WHERE inference_id = ANY ($1) AND (outcome IS NULL OR outcome = 'success')
     ORDER BY attempt_no, hedge`,
    [locked.map(({ id }) => id)],
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
  await tx.query('SELECT 1 FROM inference_requests WHERE id = ANY ($1) ORDER BY id FOR SHARE', [
    ids,
  ])
}
