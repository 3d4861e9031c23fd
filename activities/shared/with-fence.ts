import type { Tx } from '../../ledger/database.js'
import { assertFence } from '../../ledger/intervals/lease.js'
import type { VerifierDeps } from '../verifier-deps.js'

/** One transaction that commits only while this process holds the lease: settling and weights. */
export function withFence<T>(
  deps: Pick<VerifierDeps, 'db' | 'id' | 'fence'>,
  fn: (tx: Tx) => Promise<T>,
): Promise<T> {
  return deps.db.tx(async (tx) => {
    await assertFence(tx, deps.id, deps.fence())
    return fn(tx)
  })
}
