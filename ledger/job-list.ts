import type { Queryable } from './database.js'
import { JOB_COLUMNS, JOB_SOURCE, type JobRow } from './jobs.js'

export interface JobsPage {
  readonly order: 'asc' | 'desc'
  readonly limit: number
  /** Only those that come after this job of the key; one that was deleted will do. */
  readonly after: string | null
}

/** A key's jobs by time, without deleted ones. @returns null when `after` is no job of the key */
export async function listJobs(
  db: Queryable,
  apiKeyId: string,
  { order, limit, after }: JobsPage,
): Promise<JobRow[] | null> {
  const place = '(SELECT created_at, id FROM jobs WHERE id = $3 AND api_key_id = $1)'
  const beyond = order === 'desc' ? '<' : '>'
  const rows = await db.query<JobRow>(
    `SELECT ${JOB_COLUMNS} FROM ${JOB_SOURCE}
     WHERE j.api_key_id = $1 AND j.deleted_at IS NULL
     ${after === null ? '' : `AND (j.created_at, j.id) ${beyond} ${place}`}
     ORDER BY j.created_at ${order}, j.id ${order} LIMIT $2`,
    after === null ? [apiKeyId, limit] : [apiKeyId, limit, after],
  )
  if (rows.length > 0 || after === null) return rows
  const known = await db.query('SELECT 1 FROM jobs WHERE id = $1 AND api_key_id = $2', [
    after,
    apiKeyId,
  ])
  return known.length === 0 ? null : rows
}
