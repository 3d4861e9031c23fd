import { sr25519Ready } from '../../base/sr25519.js'
import { connectSubtensor } from '../../chain/subtensor/adapter.js'
import type { DevSubtensor } from '../../dev/subtensor/start.js'
import type { ChainHarness } from './contract.js'

/** The adapter on a chain of the real runtime, which stays with its owner. */
export async function makeSubtensorHarness(dev: DevSubtensor): Promise<ChainHarness> {
  await sr25519Ready()
  return {
    chain: await connectSubtensor({ network: 'development', endpoint: dev.url }),
    // This runtime gives every neuron its permit back with each block.
    can: { revokePermits: false },
    axonIp: '127.0.0.2',
    makeSubnet: (params) => dev.makeSubnet(params),
    setParams: (netuid, params) => dev.setParams(netuid, params),
    register: (netuid, hotkeys) => dev.register(netuid, hotkeys),
    setStake: (netuid, hotkey, rao) => dev.setStake(netuid, hotkey, rao),
    async setPermit(_netuid, _hotkey, permit) {
      if (!permit) throw new Error('this runtime takes no permit away')
    },
    async advance(blocks) {
      await dev.newBlock(blocks)
    },
    async close() {
      // The chain is its owner's.
    },
  }
}
