/**
 * How many requests each role sends to its chain endpoint per block while nothing happens: an interval runs, no
 * prover has an address, nothing is due. The chain is Subtensor's runtime in this process, a block a second; all that
 * roles do about it goes by blocks, so it is the same at twelve. Fails above two per block of the verifier.
 * Run: npm run bench -- chain [--blocks 60]   (SUBTENSOR_SPEC, see docs/devnet.md)
 */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createLog } from '../base/log.js'
import { type OptionName, resolveOptions } from '../base/options/options.js'
import { sr25519Ready } from '../base/sr25519.js'
import { textTable } from '../base/text-table.js'
import { gridWallets } from '../dev/grid/wallets.js'
import { freePort } from '../dev/process/ports.js'
import { startSubtensor } from '../dev/subtensor/start.js'
import { openDatabase } from '../ledger/database.js'
import { latestInterval } from '../ledger/intervals/intervals.js'
import { startTamperingNode } from '../test/chain/subtensor/tampering-node.js'
import { GPU_OPTIONS, runGpuWorker } from '../workers/roles/gpu.js'
import { INFERENCE_OPTIONS, runInferenceWorker } from '../workers/roles/inference.js'
import { PROVER_OPTIONS, runProver } from '../workers/roles/prover.js'
import { runVerifier, VERIFIER_OPTIONS } from '../workers/roles/verifier.js'
import type { Running } from '../workers/running.js'
import { report } from './support/figures.js'
import { startStores } from './support/start-stores.js'
import { benchOptions } from './support/whole-options.js'

const MODEL = fileURLToPath(new URL('../test/fixtures/tiny-model/model', import.meta.url))
const BLOCK_MS = 1000
/** A process has started by then, and its first readings are over. */
const SETTLING_BLOCKS = 6
const MOST_PER_BLOCK = 2
const { blocks } = benchOptions('chain')
const log = createLog('bench', 'error')

const held: (() => Promise<unknown>)[] = []
/** It takes minutes: where it is. */
const say = (what: string) => console.error(what)
try {
  await sr25519Ready()
  const { folder, databaseUrl, temporalAddress } = await startStores(held, log)
  say('stores are up')
  const dev = await startSubtensor({ blockMs: BLOCK_MS })
  held.push(() => dev.close())
  const wallets = await gridWallets(join(folder, 'wallets'), ['verifier', 'prover'])
  const netuid = await dev.makeSubnet({ weightsRateLimit: 0 })
  await dev.register(netuid, wallets)
  await dev.setStake(netuid, wallets[0]!.hotkey, 10_000n * 10n ** 9n)

  say(`the chain is up, at block ${dev.head().number}`)
  const shared = {
    netuid,
    'subtensor.network': 'devnet',
    'wallet.path': join(folder, 'wallets'),
    'database.url': databaseUrl,
    'temporal.address': temporalAddress,
    'model.dir': MODEL,
    device: 'cpu',
    profile: 'test',
    // Longer than all of this.
    'neuron.compute_stats_interval': 3600,
    'state.dir': folder,
    'health.block_seconds': 60,
  }
  const asked = new Map<string, Map<string, number>>()

  /** Starts a role behind a node that counts what it asks. */
  const start = async <N extends OptionName>(
    name: string,
    options: readonly N[],
    own: Record<string, string | number | boolean>,
    run: (options: ReturnType<typeof resolveOptions<N>>) => Promise<Running>,
  ): Promise<void> => {
    const counts = new Map<string, number>()
    asked.set(name, counts)
    const node = await startTamperingNode(dev.url, (method, result) => {
      counts.set(method, (counts.get(method) ?? 0) + 1)
      return result
    })
    held.push(() => node.close())
    const all = { ...shared, ...own, 'subtensor.chain_endpoint': node.url }
    const given = Object.fromEntries(
      Object.entries(all).filter(([option]) => (options as readonly string[]).includes(option)),
    )
    const running = await run(resolveOptions(options, given, {}))
    held.push(() => running.stop())
    say(`${name} is up, at block ${dev.head().number}`)
  }

  const verifier = { 'wallet.name': 'verifier' }
  // It asks no chain, but no interval opens before it has certified its class.
  await start('gpu-worker', GPU_OPTIONS, verifier, (o) => runGpuWorker(o, log))
  await start('inference-worker', INFERENCE_OPTIONS, verifier, (o) => runInferenceWorker(o, log))
  const axon = { 'axon.port': await freePort(), 'neuron.axon_off': true }
  const prover = { 'wallet.name': 'prover', 'neuron.name': 'prover', ...axon }
  await start('prover', PROVER_OPTIONS, prover, (o) => runProver(o, log))
  await start('verifier', VERIFIER_OPTIONS, verifier, (o) => runVerifier(o, log))

  const db = openDatabase({ url: databaseUrl, applicationName: 'bench', max: 1, log })
  held.push(() => db.close())
  const id = { netuid, verifier: wallets[0]!.hotkey }
  while ((await latestInterval(db, id))?.phase !== 'rounds') await sleep(BLOCK_MS)

  say(`an interval runs, at block ${dev.head().number}`)
  const untilBlock = async (number: number) => {
    while (dev.head().number < number) await sleep(BLOCK_MS / 10)
  }
  await untilBlock(dev.head().number + SETTLING_BLOCKS)
  for (const counts of asked.values()) counts.clear()
  const first = dev.head().number
  await untilBlock(first + blocks)
  const passed = dev.head().number - first

  const perBlock = (counts: ReadonlyMap<string, number>) =>
    [...counts.values()].reduce((sum, count) => sum + count, 0) / passed
  const rows = [...asked].map(([name, counts]) => [
    name,
    perBlock(counts).toFixed(2),
    [...counts].map(([method, count]) => `${method} ${(count / passed).toFixed(2)}`).join(', '),
  ])
  console.log(textTable(['role', 'requests per block', 'of which'], rows, 'ruled'))
  console.log(`over ${passed} blocks in which nothing happened`)
  for (const [name, counts] of asked) {
    report(`requests of the ${name} while nothing happens`, perBlock(counts), 'a block', {
      ...(name === 'verifier' ? { goal: { of: 'figure', most: MOST_PER_BLOCK } } : {}),
    })
  }
  const verifiers = perBlock(asked.get('verifier')!)
  if (verifiers > MOST_PER_BLOCK) {
    console.error(
      `the verifier sends ${verifiers.toFixed(2)} requests per block, above ${MOST_PER_BLOCK}`,
    )
    process.exitCode = 1
  }
} finally {
  for (const release of held.splice(0).reverse()) await release()
}
