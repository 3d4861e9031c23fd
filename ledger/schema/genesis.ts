import { FractalError } from '../../base/errors.js'
import type { Hex } from '../../formats/bytes.js'
import type { Queryable } from '../database.js'
import type { VerifierId } from '../verifier-id.js'

/**
 * Records which chain a verifier's processes are on, for receipts: the API has no connection to the chain.
 * What the ledger knows about one chain (blocks, registrations, weights) means nothing on another.
 * @throws FractalError `genesis_changed`
 */
export async function recordGenesis(
  db: Queryable,
  id: VerifierId,
  genesisHash: Hex,
): Promise<void> {
  const [row] = await db.query<{ genesisHash: string }>(
    `INSERT INTO verifiers AS v (netuid, verifier, genesis_hash) VALUES ($1, $2, $3)
     ON CONFLICT (netuid, verifier)
     DO UPDATE SET genesis_hash = coalesce(v.genesis_hash, excluded.genesis_hash)
     RETURNING genesis_hash`,
    [id.netuid, id.verifier, genesisHash],
  )
  const known = row?.genesisHash
  if (known === undefined || known === genesisHash) return
  throw new FractalError(
    'genesis_changed',
    `this database belongs to another chain: its genesis is ${known}, that of the endpoint is ${genesisHash}`,
    { hint: 'Check --subtensor.chain_endpoint, or use an empty database and Temporal namespace.' },
  )
}
