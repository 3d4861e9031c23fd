import type { Queryable } from './database.js'

export interface FrameRow {
  /** From 1, like f_j. */
  index: number
  /** RFC 1950. */
  zlib: Uint8Array
}

/**
 * Stores frames as they come. A prover that is asked again sends them again: the last ones before the
 * attempt's outcome are those that it signed; later ones change nothing.
 */
export async function putFrames(
  db: Queryable,
  requestId: string,
  frames: readonly FrameRow[],
): Promise<void> {
  if (frames.length === 0) return
  // One parameter a frame, because pg sends a lone buffer as it is, and one inside an array as hex.
  const values = frames.map((_, i) => `($1, $${2 * i + 2}, $${2 * i + 3})`)
  await db.execute(
    `INSERT INTO frames (request_id, index, zlib) VALUES ${values.join(', ')} ON CONFLICT (request_id, index) DO UPDATE SET zlib = excluded.zlib
     WHERE EXISTS (SELECT 1 FROM attempts WHERE request_id = $1 AND outcome IS NULL)`,
    [requestId, ...frames.flatMap(({ index, zlib }) => [index, zlib])],
  )
}

/** By index. */
export async function getFrames(db: Queryable, requestId: string): Promise<FrameRow[]> {
  return db.query('SELECT index, zlib FROM frames WHERE request_id = $1 ORDER BY index', [
    requestId,
  ])
}
