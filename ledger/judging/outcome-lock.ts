import type { Tx } from '../database.js'
import type { VerifierId } from '../verifier-id.js'

/** A SQL expression with $1 netuid and $2 verifier. */
export const OUTCOME_LOCK_KEY = `hashtextextended('outcomes/' || $1::integer || '/' || $2::text, 0)`

/**
 * Outcomes are assigned to the open interval under the shared lock; whatever changes which interval is open, or settles
 * one, takes the exclusive one. So no outcome falls between two intervals, and only challenges still end in one that is
 * closed.
 * It is not a lock on the interval's row, because there is none before the first interval opens.
 */
async function lock(tx: Tx, id: VerifierId, how: '' | '_shared'): Promise<void> {
  await tx.query(
    `SELECT pg_advisory_xact_lock${how}(${OUTCOME_LOCK_KEY})`,
    [id.netuid, id.verifier],
    { prepare: `lock-outcomes${how}` },
  )
}

export const lockOutcomesShared = (tx: Tx, id: VerifierId) => lock(tx, id, '_shared')

export const lockOutcomes = (tx: Tx, id: VerifierId) => lock(tx, id, '')
