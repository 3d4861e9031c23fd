import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Log } from '../../../base/log.js'
import type { Options } from '../../../base/options/options.js'
import { asRunning, type Running } from '../../../workers/running.js'
import { type GridWallet, gridWallets } from '../../grid/wallets.js'
import { printLine } from '../../process/print-line.js'
import { openStateDir, type StateDir } from '../../process/state-dir.js'
import { type DevSubtensor, startSubtensor } from '../start.js'
import { commandsOf, type DevnetFacts, environmentOf } from './commands.js'
import { type DevnetStores, startStores } from './stores.js'

export const DEVNET_OPTIONS = [
  'devnet.host',
  'devnet.port',
  'devnet.block_ms',
  'devnet.provers',
  'devnet.wallets',
  'devnet.tempo',
  'devnet.weights_rate_limit',
  'devnet.commit_reveal',
  'devnet.stores',
  'state.dir',
] as const

type DevnetOptions = Options<(typeof DEVNET_OPTIONS)[number]>

const VERIFIER = 'verifier'
/** More than neuron.vpermit_tao_limit: the verifier is not asked as a prover. */
const VERIFIER_STAKE_RAO = 10_000n * 10n ** 9n
/** As finality is usually behind on Bittensor. */
const FINALITY_LAG = 2
/** Bittensor's. */
const MAX_UIDS = 256

/**
 * Subtensor's runtime on this machine, with a subnet that has a verifier and provers, until it is
 * stopped. Every start is a new chain; the wallets stay.
 */
export async function runDevnet(options: DevnetOptions, log: Log): Promise<Running> {
  const held: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const release of held.splice(0).reverse()) await release()
  }
  try {
    const state = await openStateDir(path.resolve(options['state.dir'], 'devnet'))
    held.push(() => state.unlock())
    const stores = options['devnet.stores']
      ? await startStores(state, options['devnet.port'], log)
      : null
    if (stores !== null) held.push(() => stores.stop())
    const walletPath = path.resolve(options['devnet.wallets'] ?? state.wallets)
    const names = Array.from({ length: options['devnet.provers'] }, (_, i) => `prover-${i + 1}`)
    const wallets = await gridWallets(walletPath, [VERIFIER, ...names])
    const chain = await startSubtensor({
      host: options['devnet.host'],
      port: options['devnet.port'],
      blockMs: options['devnet.block_ms'],
      finalityLag: FINALITY_LAG,
      // Another genesis each time: nobody can take this chain for the one before.
      genesisTime: Date.now(),
    })
    held.push(() => chain.close())
    const netuid = await populate(chain, wallets, options)
    await show({
      state,
      chain,
      stores,
      netuid,
      walletPath,
      names,
      blockMs: options['devnet.block_ms'],
    })
    return asRunning(close, chain.broken)
  } catch (error) {
    await close()
    throw error
  }
}

/** A subnet with everybody on it, and the verifier's stake. */
async function populate(
  chain: DevSubtensor,
  wallets: readonly GridWallet[],
  options: DevnetOptions,
): Promise<number> {
  const netuid = await chain.makeSubnet({
    tempo: options['devnet.tempo'],
    weightsRateLimit: options['devnet.weights_rate_limit'],
    commitReveal: options['devnet.commit_reveal'],
    minAllowedWeights: 1,
    maxWeightLimit: 65_535,
    weightsVersionKey: 0,
    maxUids: MAX_UIDS,
    servingRateLimit: 0,
  })
  await chain.register(netuid, wallets)
  await chain.setStake(netuid, wallets[0]!.hotkey, VERIFIER_STAKE_RAO)
  return netuid
}

interface Shown {
  readonly state: StateDir
  readonly chain: DevSubtensor
  readonly stores: DevnetStores | null
  readonly netuid: number
  readonly walletPath: string
  readonly names: readonly string[]
  readonly blockMs: number
}

async function show({ state, chain, stores, netuid, walletPath, names, blockMs }: Shown) {
  const envFile = path.join(state.root, 'env')
  const facts: DevnetFacts = {
    url: chain.url,
    netuid,
    walletPath,
    stateDir: path.join(state.root, 'roles'),
    stores,
    envFile: path.relative(process.cwd(), envFile) || envFile,
    verifier: VERIFIER,
    provers: names,
  }
  await writeFile(envFile, environmentOf(facts), { mode: 0o600 })
  printLine(
    `Subtensor's runtime (spec 218) at ${chain.url}, a block every ${blockMs / 1000} s. Subnet ${netuid}: ${VERIFIER} with stake and permit, ${names.length} provers.`,
  )
  printLine(
    'A new chain at each start; wallets stay. Not a network: nothing here is worth anything.',
  )
  if (stores?.temporalUi != null) printLine(`Temporal's web UI: ${stores.temporalUi}`)
  for (const line of commandsOf(facts)) printLine(line)
}
