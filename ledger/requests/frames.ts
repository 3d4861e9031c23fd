import type { Queryable } from '../database.js'
import { JOBS_CHANNEL } from './job-signals.js'

export interface FrameRow {
  /** From 1, like f_j. */
  index: number
  /** RFC 1950. */
  zlib: Uint8Array
}

/**
 * Stores frames as they arrive, and notifies watchers of their job. A prover that is asked again sends its
 * frames again: the last ones before the attempt's outcome are the signed ones; later ones change nothing.
 */
export async function putFrames(
  db: Queryable,
  requestId: string,
  frames: readonly FrameRow[],
): Promise<void> {
  if (frames.length === 0) return
  // One parameter per frame, because pg sends a single buffer as binary, but one inside an array as hex.
  const values = frames.map((_, i) => `($1::uuid, $${2 * i + 2}::integer, $${2 * i + 3}::bytea)`)
  await db.query(
    `WITH put AS (
       INSERT INTO frames (request_id, index, zlib) VALUES ${values.join(', ')} ON CONFLICT (request_id, index) DO UPDATE SET zlib = excluded.zlib
       WHERE EXISTS (SELECT 1 FROM attempts WHERE request_id = $1 AND outcome IS NULL)
       RETURNING 1
     )
     SELECT pg_notify('${JOBS_CHANNEL}', r.job_id)
     FROM attempts a JOIN inference_requests r ON r.id = a.inference_id
     WHERE a.request_id = $1 AND EXISTS (SELECT 1 FROM put)`,
    [requestId, ...frames.flatMap(({ index, zlib }) => [index, zlib])],
  )
}

/** Ordered by index. @param options.from the first index; @param options.limit maximum number of frames */
export async function getFrames(
  db: Queryable,
  requestId: string,
  { from = 1, limit }: { from?: number; limit?: number } = {},
): Promise<FrameRow[]> {
  return db.query(
    'SELECT index, zlib FROM frames WHERE request_id = $1 AND index >= $2 ORDER BY index LIMIT $3',
    [requestId, from, limit ?? null],
  )
}
