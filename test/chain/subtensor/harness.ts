import { sr25519Ready } from '../../../base/sr25519.js'
import { connectSubtensor } from '../../../chain/subtensor/adapter.js'
import type { DevSubtensor } from '../../../dev/subtensor/start.js'
import type { ChainHarness } from '../contract.js'

/** The adapter on a chain of the real runtime, which stays with its owner. */
export async function makeSubtensorHarness(dev: DevSubtensor): Promise<ChainHarness> {
  await sr25519Ready()
  const chain = await connectSubtensor({ network: 'devnet', endpoint: dev.url })
  return {
    chain,
    can: { revokePermits: true },
    axonIp: '127.0.0.2',
    makeSubnet: (params) => dev.makeSubnet(params),
    setParams: (netuid, params) => dev.setParams(netuid, params),
    register: (netuid, hotkeys) => dev.register(netuid, hotkeys),
    setStake: (netuid, hotkey, rao) => dev.setStake(netuid, hotkey, rao),
    async setPermit(netuid, hotkey, permit) {
      // All have it from the block after their registration on, until one is taken away.
      const { neurons } = await chain.metagraph(netuid)
      const neuron = neurons.find((each) => each.hotkey === hotkey)
      if (neuron?.validatorPermit !== permit) await dev.setPermit(netuid, hotkey, permit)
    },
    async advance(blocks) {
      // One block of the runtime takes a quarter of a second; those left out are as empty as they'd be.
      if (blocks === 1) await dev.newBlock()
      else await dev.jump(dev.head().number + blocks)
    },
    async close() {
      // The chain is its owner's.
    },
  }
}
