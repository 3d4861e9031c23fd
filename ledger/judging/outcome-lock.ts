import type { Tx } from '../database.js'
import type { VerifierId } from '../verifier-id.js'

/**
 * Outcomes are assigned to the open interval under the shared lock; whatever changes which interval is open,
 * or reads all of an interval's outcomes, takes the exclusive one. So no outcome falls between two intervals.
 * It is not a lock on the interval's row, because there is none before the first interval opens.
 */
async function lock(tx: Tx, id: VerifierId, how: '' | '_shared'): Promise<void> {
  await tx.query(
    `SELECT pg_advisory_xact_lock${how}(hashtextextended('outcomes/' || $1::integer || '/' || $2::text, 0))`,
    [id.netuid, id.verifier],
  )
}

export const lockOutcomesShared = (tx: Tx, id: VerifierId) => lock(tx, id, '_shared')

export const lockOutcomes = (tx: Tx, id: VerifierId) => lock(tx, id, '')
