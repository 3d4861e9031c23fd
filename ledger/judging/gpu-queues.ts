import type { Database, Queryable } from '../database.js'

/** A worker not seen for this long has died. */
const SILENT_SECONDS = 90

/** `taken`: workers of another class poll the queue. */
export type QueueClaim = { id: string } | { taken: string }

/**
 * Records that a GPU worker of this class polls the queue. A queue can change its class only while none of
 * its workers is alive.
 */
export async function claimGpuQueue(
  db: Database,
  queue: string,
  determinismClass: string,
): Promise<QueueClaim> {
  return db.tx(async (tx) => {
    await tx.execute(
      'INSERT INTO gpu_queues (queue, determinism_class) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [queue, determinismClass],
    )
    // Serialises workers that start at the same time.
    const [row] = await tx.query<{ determinismClass: string }>(
      'SELECT determinism_class FROM gpu_queues WHERE queue = $1 FOR UPDATE',
      [queue],
    )
    if (row!.determinismClass !== determinismClass) {
      await tx.execute(
        `DELETE FROM gpu_workers WHERE queue = $1 AND seen_at < now() - make_interval(secs => ${SILENT_SECONDS})`,
        [queue],
      )
      const living = await tx.query('SELECT id FROM gpu_workers WHERE queue = $1 LIMIT 1', [queue])
      if (living.length > 0) return { taken: row!.determinismClass }
      await tx.execute(
        'UPDATE gpu_queues SET determinism_class = $2, since = now() WHERE queue = $1',
        [queue, determinismClass],
      )
    }
    const [worker] = await tx.query<{ id: string }>(
      'INSERT INTO gpu_workers (queue) VALUES ($1) RETURNING id',
      [queue],
    )
    return worker!
  })
}

/** @returns whether the claim is still valid: after a silence, another class may have taken the queue */
export async function keepGpuQueue(db: Queryable, id: string): Promise<boolean> {
  const kept = await db.query('UPDATE gpu_workers SET seen_at = now() WHERE id = $1 RETURNING id', [
    id,
  ])
  return kept.length > 0
}

/** Whether a worker of the queue is alive: working, idle, or certifying its class. */
export async function hasGpuWorker(db: Queryable, queue: string): Promise<boolean> {
  const alive = await db.query(
    `SELECT id FROM gpu_workers WHERE queue = $1 AND seen_at >= now() - make_interval(secs => ${SILENT_SECONDS}) LIMIT 1`,
    [queue],
  )
  return alive.length > 0
}

export async function leaveGpuQueue(db: Queryable, id: string): Promise<void> {
  await db.execute('DELETE FROM gpu_workers WHERE id = $1', [id])
}
