import type { Queryable } from '../database.js'
import { firstOrNull } from '../rows.js'
import { JOB_COLUMNS, JOB_SOURCE, type JobRow, queryJobs } from './jobs.js'

/** A job as its watchers see it. */
export interface WatchedJob extends JobRow, Shown {}

interface Shown {
  /** The attempt whose frames are shown: the winning one, else the newest that delivered any. */
  framesOf: string | null
  /** How many of its frames are stored, with indexes from 1. */
  framesStored: number
}

/** Everything that a watcher gets, except the frames themselves, in one read. */
export async function watchedJob(db: Queryable, jobId: string): Promise<WatchedJob | null> {
  return firstOrNull(
    await queryJobs<Shown>(
      db,
      `SELECT ${JOB_COLUMNS}, shown.request_id AS frames_of, coalesce(shown.stored, 0) AS frames_stored
       FROM ${JOB_SOURCE} LEFT JOIN LATERAL (
         SELECT a.request_id, f.stored FROM attempts a
         CROSS JOIN LATERAL (SELECT max(index) AS stored FROM frames WHERE request_id = a.request_id) f
         WHERE a.inference_id = j.inference_id AND f.stored IS NOT NULL
         ORDER BY (a.request_id = j.winning_request_id) DESC NULLS LAST, a.attempt_no DESC LIMIT 1
       ) shown ON true
       WHERE j.id = $1`,
      [jobId],
      { prepare: 'watched-job' },
    ),
  )
}
