import type { Hex } from '../formats/bytes.js'
import type { Queryable } from './database.js'
import type { VerifierId } from './verifier-id.js'

/** Notes which chain a verifier's processes are on, for receipts: the API has no chain of its own. */
export async function noteGenesis(db: Queryable, id: VerifierId, genesisHash: Hex): Promise<void> {
  await db.execute(
    `INSERT INTO verifiers AS v (netuid, verifier, genesis_hash) VALUES ($1, $2, $3)
     ON CONFLICT (netuid, verifier) DO UPDATE SET genesis_hash = excluded.genesis_hash
     WHERE v.genesis_hash IS DISTINCT FROM excluded.genesis_hash`,
    [id.netuid, id.verifier, genesisHash],
  )
}
