import type { Tx } from '../database.js'
import type { VerifierId } from '../verifier-id.js'

/**
 * Outcomes are assigned to the interval that is open, under the shared lock; whatever changes which
 * interval that is, or reads all of an interval's outcomes, takes the exclusive one. So no outcome
 * falls between two intervals. Not the interval's row, because before the first one opens there is none.
 */
async function lock(tx: Tx, id: VerifierId, how: '' | '_shared'): Promise<void> {
  await tx.query(
    `SELECT pg_advisory_xact_lock${how}(hashtextextended('outcomes/' || $1::integer || '/' || $2::text, 0))`,
    [id.netuid, id.verifier],
  )
}

export const lockOutcomesShared = (tx: Tx, id: VerifierId) => lock(tx, id, '_shared')

export const lockOutcomes = (tx: Tx, id: VerifierId) => lock(tx, id, '')
