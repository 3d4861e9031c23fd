import { randomUUID } from 'node:crypto'
import type { Database } from './database.js'

/** What was found good holds for so long: each trial is a commit. */
const TRUSTED_MS = 10_000
/** Bytes: with its header it fills a page, so that a file has to grow by one. */
const FILLER = 7_900

/**
 * Whether the ledger takes writes, not only answers. On a full disk every read works, and so does what fits
 * in a page that is there; what fails is the next page. So a trial asks for one.
 * @param now milliseconds of a monotonic clock
 * @returns a check for `/readyz`, beside one that reads; it rejects with what PostgreSQL said
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
