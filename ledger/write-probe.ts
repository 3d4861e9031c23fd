import { randomUUID } from 'node:crypto'
import type { Database } from './database.js'

/** How long a good result is cached: each probe is a commit. */
const TRUSTED_MS = 10_000
/** Bytes: with its header, the row fills a page, so that the file has to grow by one. */
const FILLER = 7_900

/**
 * Whether the ledger accepts writes, not only reads. On a full disk every read works, and so does any write
 * that fits in an existing page; what fails is allocating the next page. So the probe needs a new page.
 * @param now milliseconds of a monotonic clock
 * @returns a check for `/readyz`, in addition to one that reads; it rejects with PostgreSQL's error
 */
export function createWriteProbe(
  db: Pick<Database, 'tx'>,
  now: () => number = () => performance.now(),
): () => Promise<void> {
  let goodUntil = Number.NEGATIVE_INFINITY
  return async () => {
    if (now() < goodUntil) return
    const id = randomUUID()
    await db.tx(async (tx) => {
      await tx.execute('INSERT INTO write_probe (id, filler) VALUES ($1, $2)', [
        id,
        Buffer.alloc(FILLER),
      ])
      await tx.execute('DELETE FROM write_probe WHERE id = $1', [id])
    })
    goodUntil = now() + TRUSTED_MS
  }
}
