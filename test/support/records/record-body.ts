import type { Queryable } from '../../../ledger/database.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'

/** Canonical JSON, without its signature; null when there is none, or when it was removed for its age. */
export async function recordBody(db: Queryable, id: VerifierId, n: number): Promise<string | null> {
  const [row] = await db.query<{ body: string | null }>(
    'SELECT body FROM records WHERE netuid = $1 AND verifier = $2 AND n = $3',
    [id.netuid, id.verifier, n],
  )
  return row?.body ?? null
}
