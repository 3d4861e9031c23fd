import type { ApiPromise } from '@polkadot/api'
import type { DevSubtensor } from '../../../dev/subtensor/start.js'
import { startRpcGate } from '../../support/gates/rpc-gate.js'
import { useSubtensor } from '../../support/subtensor.js'
import { BLOCK_MS } from './killed-grid.js'
import type { MadeChain, MadeSubnet } from './made-chain.js'
import { bareApi, storedWeights, weightsExtrinsics } from './weights-on-chain.js'

const START_MS = 300_000

/** Subtensor's runtime for the tests of a describe block. */
export function useSubtensorChain(): () => MadeChain {
  let api: ApiPromise | undefined
  let made: MadeChain | undefined
  // Before the chain goes, which Mocha does in the order of registration.
  after(async () => {
    await api?.disconnect()
  })
  const dev = useSubtensor({ finalityLag: 1, saidBlockMs: BLOCK_MS })
  before(async function () {
    this.timeout(START_MS)
    api = await bareApi(dev().url)
    made = subtensorChain(dev(), api)
  })
  return () => made!
}

function subtensorChain(dev: DevSubtensor, api: ApiPromise): MadeChain {
  return {
    network: 'devnet',
    url: dev.url,
    // The runtime refuses 127.0.0.1 and takes this one, which is the same machine.
    axonHost: '127.0.0.2',
    makeSubnet: ({ timelocked: _, ...params }: MadeSubnet) => dev.makeSubnet(params),
    setParams: (netuid, { timelocked: _, ...params }) => dev.setParams(netuid, params),
    register: (netuid, neurons) => dev.register(netuid, neurons),
    setStake: (netuid, hotkey, rao) => dev.setStake(netuid, hotkey, rao),
    headNumber: async () => dev.head().number,
    newBlock: async () => void (await dev.newBlock()),
    jump: async (to) => void (await dev.jump(to)),
    startGate: () => startRpcGate(dev.url),
    storedWeights: (netuid, hotkey) => storedWeights(api, netuid, hotkey),
    async heldWeights(hotkey) {
      const held = await weightsExtrinsics(api, hotkey)
      return held.filter(({ ok }) => ok).map(({ hash, step }) => ({ hash, step }))
    },
  }
}
