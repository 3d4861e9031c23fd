import type { Queryable } from '../database.js'
import { JOB_COLUMNS, JOB_SOURCE, type JobRow, queryJobs } from './jobs.js'

export interface JobsPage {
  readonly order: 'asc' | 'desc'
  readonly limit: number
  /**
   * The page ends with the job that takes its texts to this many bytes: a hundred long prompts are 20 MB.
   */
  readonly maxTextBytes: number
  /** Only jobs after this job of the key, which may be a deleted one. */
  readonly after: string | null
}

export interface JobList {
  readonly rows: readonly JobRow[]
  /** Whether there are more after these. */
  readonly more: boolean
}

/** A key's jobs by time, without deleted ones. @returns null if `after` is not a job of the key */
export async function listJobs(
  db: Queryable,
  apiKeyId: string,
  { order, limit, maxTextBytes, after }: JobsPage,
): Promise<JobList | null> {
  const place = '(SELECT created_at, id FROM jobs WHERE id = $4 AND api_key_id = $1)'
  const beyond = order === 'desc' ? '<' : '>'
  // One more than requested, to know whether there are more.
  const rows = await queryJobs<{ more: boolean }>(
    db,
    `SELECT * FROM (
       SELECT found.*, row_number() OVER w AS place, lead(id) OVER w IS NOT NULL AS more,
         sum(text_bytes) OVER w - text_bytes AS text_bytes_before
       FROM (
         SELECT ${JOB_COLUMNS}, octet_length(r.prompt) + octet_length(r.negative_prompt) AS text_bytes
         FROM ${JOB_SOURCE}
         WHERE j.api_key_id = $1 AND j.deleted_at IS NULL
         ${after === null ? '' : `AND (j.created_at, j.id) ${beyond} ${place}`}
         ORDER BY j.created_at ${order}, j.id ${order} LIMIT $2 + 1
       ) AS found WINDOW w AS (ORDER BY created_at ${order}, id ${order})
     ) AS placed WHERE place <= $2 AND text_bytes_before < $3 ORDER BY place`,
    [apiKeyId, limit, maxTextBytes, ...(after === null ? [] : [after])],
  )
  const list = { rows, more: rows.at(-1)?.more ?? false }
  if (rows.length > 0 || after === null) return list
  const known = await db.query('SELECT 1 FROM jobs WHERE id = $1 AND api_key_id = $2', [
    after,
    apiKeyId,
  ])
  return known.length === 0 ? null : list
}
