import { newProverState, type ProverKey, type ProverState } from '../../rules/settle/settlement.js'
import type { Tier } from '../../rules/tiers.js'
import type { Queryable, Tx } from '../database.js'
import { batch } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

/** What the metagraph says about a prover. */
export interface ProverAddress extends ProverKey {
  uid: number
  coldkey: string
  axonIp: string | null
  axonPort: number | null
}

/** A prover as the last settled interval left it. */
export interface StandingRow extends ProverAddress {
  tier: Tier
  totalSuccesses: number
  scorePpm: number
  validationsSinceMove: number
  fastReturn: boolean
  settledN: number | null
}

/** A prover as it stood when an interval opened. */
export interface IntervalProverRow extends ProverAddress {
  stakeRao: bigint
  validatorPermit: boolean
  tier: Tier
  totalSuccesses: number
  scorePpm: number
  determinismClass: string | null
  modelRoot: string | null
  capacity: number | null
  reachable: boolean
  unreachableReason: string | null
}

const OF = 'netuid = $1 AND verifier = $2'

/** Every registration ever seen, by hotkey; or only those in `keys`. */
export async function standings(
  db: Queryable,
  id: VerifierId,
  keys?: readonly ProverKey[],
): Promise<StandingRow[]> {
  const only = batch<ProverKey>({ hotkey: 'text', registeredBlock: 'bigint' }, keys ?? [], 3)
  return db.query(
    `SELECT hotkey, registered_block, uid, coldkey, axon_ip, axon_port, tier, total_successes, score_ppm,
       validations_since_move, fast_return, settled_n
     FROM provers
     WHERE ${OF} AND ($5 OR (hotkey, registered_block) IN (SELECT ${only.names} FROM ${only.source}))
     ORDER BY hotkey, registered_block`,
    [id.netuid, id.verifier, ...only.params, keys === undefined],
  )
}

const ADDRESS = {
  hotkey: 'text',
  registeredBlock: 'bigint',
  uid: 'integer',
  coldkey: 'text',
  axonIp: 'text',
  axonPort: 'integer',
} as const

const NEW = {
  ...ADDRESS,
  tier: 'text',
  totalSuccesses: 'bigint',
  scorePpm: 'integer',
  validationsSinceMove: 'integer',
  fastReturn: 'boolean',
} as const

/**
 * Stores the metagraph's provers: a new registration starts with the rules' initial standing, a known one
 * only gets its new address.
 */
export async function upsertStandings(
  db: Queryable,
  id: VerifierId,
  rows: readonly ProverAddress[],
): Promise<StandingRow[]> {
  const beginnings = rows.map((row) => ({ ...newProverState(row), ...row }))
  const added = batch<ProverAddress & ProverState>(NEW, beginnings, 3)
  await db.execute(
    `INSERT INTO provers (netuid, verifier, ${added.names})
     SELECT $1, $2, ${added.names} FROM ${added.source} ORDER BY hotkey, registered_block
     ON CONFLICT (netuid, verifier, hotkey, registered_block) DO UPDATE SET
       uid = excluded.uid, coldkey = excluded.coldkey, axon_ip = excluded.axon_ip,
       axon_port = excluded.axon_port, updated_at = now()`,
    [id.netuid, id.verifier, ...added.params],
  )
  return standings(db, id, rows)
}

const INTERVAL_PROVER = {
  ...ADDRESS,
  stakeRao: 'numeric',
  validatorPermit: 'boolean',
  tier: 'text',
  totalSuccesses: 'bigint',
  scorePpm: 'integer',
  determinismClass: 'text',
  modelRoot: 'text',
  capacity: 'integer',
  reachable: 'boolean',
  unreachableReason: 'text',
} as const

/** Stores the provers of an interval, once each; what was recorded at the opening is kept. */
export async function insertIntervalProvers(
  tx: Tx,
  id: VerifierId,
  n: number,
  rows: readonly IntervalProverRow[],
): Promise<void> {
  const added = batch<IntervalProverRow>(INTERVAL_PROVER, rows, 4)
  await tx.execute(
    `INSERT INTO interval_provers (netuid, verifier, n, ${added.names})
     SELECT $1, $2, $3, ${added.names} FROM ${added.source} ON CONFLICT DO NOTHING`,
    [id.netuid, id.verifier, n, ...added.params],
  )
}

/** By uid. */
export async function intervalProvers(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<IntervalProverRow[]> {
  const rows = await db.query<Omit<IntervalProverRow, 'stakeRao'> & { stakeRao: string }>(
    `SELECT hotkey, registered_block, uid, coldkey, axon_ip, axon_port, stake_rao, validator_permit, tier,
       total_successes, score_ppm, determinism_class, model_root, capacity, reachable, unreachable_reason
     FROM interval_provers WHERE ${OF} AND n = $3 ORDER BY uid`,
    [id.netuid, id.verifier, n],
  )
  return rows.map((row) => ({ ...row, stakeRao: BigInt(row.stakeRao) }))
}

/** New axon addresses of an interval's provers, as each round reads them from the chain. */
export async function updateAxons(
  db: Queryable,
  id: VerifierId,
  n: number,
  rows: readonly (ProverKey & Pick<ProverAddress, 'axonIp' | 'axonPort'>)[],
): Promise<void> {
  const { hotkey, registeredBlock, axonIp, axonPort } = ADDRESS
  const now = batch({ hotkey, registeredBlock, axonIp, axonPort }, rows, 4)
  await db.execute(
    `UPDATE interval_provers p SET axon_ip = r.axon_ip, axon_port = r.axon_port FROM ${now.source}
     WHERE p.netuid = $1 AND p.verifier = $2 AND p.n = $3
       AND p.hotkey = r.hotkey AND p.registered_block = r.registered_block
       AND (p.axon_ip, p.axon_port) IS DISTINCT FROM (r.axon_ip, r.axon_port)`,
    [id.netuid, id.verifier, n, ...now.params],
  )
}

/**
 * Stores the facts of a prover that did not answer when the interval opened: recorded at the first contact,
 * and valid from then on.
 */
export async function fillFacts(
  db: Queryable,
  id: VerifierId,
  n: number,
  rows: readonly (ProverKey &
    Pick<IntervalProverRow, 'determinismClass' | 'modelRoot' | 'capacity'>)[],
): Promise<void> {
  const { hotkey, registeredBlock, determinismClass, modelRoot, capacity } = INTERVAL_PROVER
  const now = batch({ hotkey, registeredBlock, determinismClass, modelRoot, capacity }, rows, 4)
  await db.execute(
    `UPDATE interval_provers p SET determinism_class = r.determinism_class, model_root = r.model_root,
       capacity = r.capacity, reachable = true, unreachable_reason = NULL
     FROM ${now.source}
     WHERE p.netuid = $1 AND p.verifier = $2 AND p.n = $3 AND NOT p.reachable
       AND p.hotkey = r.hotkey AND p.registered_block = r.registered_block`,
    [id.netuid, id.verifier, n, ...now.params],
  )
}
