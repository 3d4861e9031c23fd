import { passedSinceCheat } from '../../rules/routing/cheat-probation.js'
import type { CheckRow, ProverKey } from '../../rules/settle/settlement.js'
import type { Queryable } from '../database.js'
import { batch } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

type Check = ProverKey & Pick<CheckRow, 'kind' | 'verdict'>

interface Counted extends ProverKey {
  passedSinceCheat: number | null
}

const KEY = { hotkey: 'text', registeredBlock: 'bigint' } as const

/**
 * Updates how many checks each prover has passed since its last cheat, from checks that were just stored.
 * Call it in their transaction; rows are locked in the order of hotkeys, as in requests/prover-counters.ts.
 */
export async function countChecks(
  db: Queryable,
  id: VerifierId,
  checks: readonly Check[],
): Promise<void> {
  const telling = checks.filter(({ verdict }) => verdict === 'pass' || verdict === 'cheat')
  if (telling.length === 0) return
  const asked = batch<ProverKey>(KEY, telling, 3)
  const before = await db.query<Counted>(
    `SELECT hotkey, registered_block, passed_since_cheat FROM prover_routing
     WHERE netuid = $1 AND verifier = $2
       AND (hotkey, registered_block) IN (SELECT hotkey, registered_block FROM ${asked.source})
     ORDER BY hotkey, registered_block FOR NO KEY UPDATE`,
    [id.netuid, id.verifier, ...asked.params],
  )
  const keys = new Map(telling.map((check) => [keyOf(check), check]))
  const counted = [...keys].map(([key, { hotkey, registeredBlock }]) => ({
    hotkey,
    registeredBlock,
    passedSinceCheat: passedSinceCheat(
      before.find((row) => keyOf(row) === key)?.passedSinceCheat ?? null,
      telling.filter((check) => keyOf(check) === key),
    ),
  }))
  const now = batch<Counted>({ ...KEY, passedSinceCheat: 'integer' }, counted, 3)
  await db.execute(
    `INSERT INTO prover_routing (netuid, verifier, ${now.names})
     SELECT $1, $2, ${now.names} FROM ${now.source} ORDER BY hotkey, registered_block
     ON CONFLICT (netuid, verifier, hotkey, registered_block)
     DO UPDATE SET passed_since_cheat = excluded.passed_since_cheat`,
    [id.netuid, id.verifier, ...now.params],
  )
}

function keyOf({ hotkey, registeredBlock }: ProverKey): string {
  return `${hotkey}@${registeredBlock}`
}
