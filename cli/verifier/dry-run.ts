import { readChainFacts } from '../../activities/weights/weight-vector.js'
import { createLog } from '../../base/log.js'
import { CHAIN_OPTIONS, DATABASE_OPTIONS, WALLET_OPTIONS } from '../../base/options/groups.js'
import { type OptionName, type Options, resolveOptions } from '../../base/options/options.js'
import type { Chain } from '../../chain/chain.js'
import { connectChain } from '../../chain/connect.js'
import { walletState } from '../../chain/wallet/state.js'
import type { Database } from '../../ledger/database.js'
import { lastSettled } from '../../ledger/intervals/intervals.js'
import { scoresOf } from '../../ledger/intervals/settlement.js'
import { weightSet } from '../../ledger/intervals/weights.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { type WeightReason, weightReasons } from '../../rules/explain/weight-reasons.js'
import { type WeightVector, weightVector } from '../../rules/settle/weights.js'
import { environmentBesideDemo, withDatabase } from '../ledger/access.js'
import { printJson, printLine, printTable, score } from '../output.js'
import { whenWeights } from './when-weights.js'

export const DRY_RUN_OPTIONS = [
  'netuid',
  'state.dir',
  'neuron.mechanism',
  'neuron.disable_set_weights',
  ...CHAIN_OPTIONS,
  ...WALLET_OPTIONS,
  ...DATABASE_OPTIONS,
] as const satisfies readonly OptionName[]

interface DryRun {
  readonly interval: number
  readonly settledAt: Date | null
  /** What became of the interval's own weights. */
  readonly ownWeights: string
  readonly vector: WeightVector
  readonly reasons: readonly WeightReason[]
  /** By uid, what the chain has of this verifier. */
  readonly onChain: ReadonlyMap<number, number>
  /** How and when they could be sent, or why not. */
  readonly when: readonly string[]
}

/**
 * Prints the weights that this verifier would send now, and why each is what it is: of the newest interval that
 * settled, with the chain as it is. It writes nothing, signs nothing and takes no lease, so that it can be asked
 * beside a verifier that runs.
 */
export async function dryRun(
  given: Readonly<Record<string, unknown>>,
  json: boolean,
): Promise<void> {
  const options = resolveOptions(DRY_RUN_OPTIONS, given, environmentBesideDemo(given))
  const { hotkey } = await walletState({
    path: options['wallet.path'],
    name: options['wallet.name'],
    hotkey: options['wallet.hotkey'],
  })
  if (hotkey.problem !== null) throw hotkey.problem
  const id: VerifierId = { netuid: options.netuid, verifier: hotkey.address! }
  const chain = await connectChain({
    network: options['subtensor.network'],
    endpoint: options['subtensor.chain_endpoint'],
    mechanism: options['neuron.mechanism'],
    log: createLog('verifier', 'silent'),
  })
  try {
    const found = await withDatabase(given, (db) => weigh(db, chain, id, options))
    if (json)
      printJson(found === null ? null : { ...found, onChain: Object.fromEntries(found.onChain) })
    else if (found === null) printLine('no interval has settled yet: there is nothing to weigh')
    else print(found)
  } finally {
    await chain.close()
  }
}

async function weigh(
  db: Database,
  chain: Chain,
  id: VerifierId,
  options: Options<(typeof DRY_RUN_OPTIONS)[number]>,
): Promise<DryRun | null> {
  const interval = await lastSettled(db, id)
  if (interval === null) return null
  const rows = await scoresOf(db, id, interval.n)
  const { metagraph, params } = await readChainFacts({ chain, id })
  const me = metagraph.neurons.find((neuron) => neuron.hotkey === id.verifier)
  const input = {
    scores: rows.map(({ hotkey, uid, scoreAfter }) => ({ hotkey, uid, scorePpm: scoreAfter })),
    standingCheats: rows.filter(({ cheats }) => cheats > 0).map(({ hotkey }) => hotkey),
    neurons: metagraph.neurons.map(({ uid, hotkey }) => ({ uid, hotkey })),
    ownUid: me?.uid ?? null,
    minAllowed: params.minAllowedWeights,
    maxWeightLimit: params.maxWeightLimit,
  }
  const vector = weightVector(input)
  const set = await weightSet(db, id, interval.n)
  return {
    interval: interval.n,
    settledAt: interval.settledAt,
    ownWeights:
      set === null
        ? 'none'
        : `${set.kind}, ${set.state}${set.reason === null ? '' : ` (${set.reason})`}`,
    vector,
    reasons: weightReasons(input, vector),
    onChain: new Map(me === undefined ? [] : await chain.weights(id.netuid, me.uid)),
    when: whenWeights({
      vector,
      metagraph,
      params,
      me: me ?? null,
      isDisabled: options['neuron.disable_set_weights'],
    }),
  }
}

function print({ interval, settledAt, ownWeights, reasons, onChain, when }: DryRun): void {
  printLine(
    `interval ${interval}, settled ${settledAt?.toISOString() ?? '-'}; its own weights: ${ownWeights}`,
  )
  printTable(
    ['uid', 'hotkey', 'score', 'weight', 'on the chain', 'why'],
    reasons.map(({ uid, hotkey, scorePpm, value, why }) => [
      uid,
      hotkey,
      score(scorePpm),
      value,
      onChain.get(uid) ?? 0,
      why,
    ]),
  )
  for (const line of when) printLine(line)
  printLine('Nothing was sent.')
}
