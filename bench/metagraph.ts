/**
 * The metagraph of a full subnet (256 neurons) by our adapter, beside the same storage asked for by bare
 * queries of @polkadot/api at the same block, in turns in the same run. The node is Subtensor's runtime
 * in this process (dev/subtensor), so both sides pay for its answers.
 * Run: npm run bench -- metagraph [--rounds 20]   (SUBTENSOR_SPEC, see docs/devnet.md)
 */
import { createRequire } from 'node:module'
import { encodeAddress } from '../base/crypto.js'
import { sr25519Ready } from '../base/sr25519.js'
import { connectSubtensor } from '../chain/subtensor/adapter.js'
import { startSubtensor } from '../dev/subtensor/start.js'
import { report } from './support/figures.js'
import { median } from './support/measure.js'
import { benchOptions } from './support/whole-options.js'

// In its CommonJS form for the reason in base/crypto.ts.
const { ApiPromise, WsProvider }: typeof import('@polkadot/api') = createRequire(import.meta.url)(
  '@polkadot/api',
)

const NEURONS = 256
const { rounds } = benchOptions('metagraph')

await sr25519Ready()
const dev = await startSubtensor()
const chain = await connectSubtensor({ network: 'devnet', endpoint: dev.url })
const api = await ApiPromise.create({ provider: new WsProvider(dev.url), noInitWarn: true })
try {
  const netuid = await dev.makeSubnet({ maxUids: NEURONS })
  const have = (await chain.metagraph(netuid)).neurons.length
  const hotkeys = Array.from({ length: NEURONS - have }, (_, i) =>
    encodeAddress(
      new Uint8Array(32)
        .fill(7)
        .with(0, i % 256)
        .with(1, i >> 8),
      42,
    ),
  )
  await dev.register(netuid, hotkeys)
  for (const hotkey of hotkeys.slice(0, 8)) await dev.setStake(netuid, hotkey, 10n ** 12n)

  /** What the adapter reads, by one query for each item of storage. */
  const bare = async (): Promise<number> => {
    const at = await api.at(await api.rpc.chain.getBlockHash())
    const query = at.query.subtensorModule!
    const keys = await query.keys!.entries(netuid)
    const accounts = keys.map(([, hotkey]) => hotkey.toString())
    await Promise.all([
      query.validatorPermit!(netuid),
      query.lastUpdate!(netuid),
      query.axons!.entries(netuid),
      query.blockAtRegistration!.entries(netuid),
      query.owner!.multi(accounts),
      query.totalHotkeyAlpha!.multi(accounts.map((account) => [account, netuid])),
      query.totalHotkeyAlpha!.multi(accounts.map((account) => [account, 0])),
      query.parentKeys!.multi(accounts.map((account) => [account, netuid])),
      query.childKeys!.multi(accounts.map((account) => [account, netuid])),
    ])
    return keys.length
  }
  const ours = async (): Promise<number> => (await chain.metagraph(netuid)).neurons.length

  const times = { bare: [] as number[], ours: [] as number[] }
  for (let round = 0; round < rounds; round += 1) {
    await dev.newBlock()
    // In turns, each as often first as second: nothing is warm for one of them alone.
    const order = [['bare', bare] as const, ['ours', ours] as const]
    if (round % 2 === 1) order.reverse()
    for (const [name, run] of order) {
      const began = performance.now()
      const neurons = await run()
      times[name].push(performance.now() - began)
      if (neurons !== NEURONS) throw new Error(`${name} read ${neurons} neurons`)
    }
  }
  report(`the metagraph of ${NEURONS} neurons`, median(times.ours), 'ms', {
    beside: ['bare storage queries', median(times.bare)],
  })
} finally {
  await api.disconnect()
  await chain.close()
  await dev.close()
}
