import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Chain, WeightsStep } from '../../../chain/chain.js'
import { connectLocalChain } from '../../../chain/local/adapter.js'
import { localAdmin } from '../../../chain/local/admin-client.js'
import { openExtrinsic } from '../../../chain/local/extrinsic.js'
import type { RunningLocalnet } from '../../../dev/localnet/server.js'
import { startManual } from '../../chain/local-harness.js'
import { type HttpGate, startHttpGate } from '../../support/gates/http-gate.js'
import { BLOCK_MS } from './killed-grid.js'
import type { HeldWeights, MadeChain, MadeSubnet } from './made-chain.js'

const NETUID = 7
const STEPS: Readonly<Record<string, WeightsStep>> = {
  set_weights: 'set',
  commit_weights: 'commit',
  reveal_weights: 'reveal',
  commit_timelocked_weights: 'timelock',
}

/** A local chain for the tests of a describe block. */
export function useLocalChain(): () => MadeChain {
  let folder: string | undefined
  let server: RunningLocalnet | undefined
  let made: MadeChain | undefined
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-killed-'))
    const config = { allowLoopback: true, blockMs: BLOCK_MS, finalityLag: 1 }
    server = await startManual(join(folder, 'chain.json'), config)
    made = localChain(server.url, await connectLocalChain(server.url))
  })
  after(async () => {
    await server?.close()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })
  return () => made!
}

function localChain(url: string, chain: Chain): MadeChain {
  const admin = localAdmin(url)
  let gate: HttpGate | undefined
  const nextBlock = async () => void (await admin.newBlocks(1))
  return {
    network: 'local',
    url,
    axonHost: '127.0.0.1',
    async makeSubnet(params: MadeSubnet) {
      await admin.call({ name: 'createSubnet', netuid: NETUID, params })
      await nextBlock()
      return NETUID
    },
    async setParams(netuid, params) {
      await admin.call({ name: 'setParams', netuid, params })
      await nextBlock()
    },
    async register(netuid, neurons) {
      for (const { hotkey, coldkey } of neurons) {
        await admin.call({ name: 'register', netuid, hotkey, coldkey })
      }
      await nextBlock()
    },
    async setStake(netuid, hotkey, rao) {
      await admin.call({ name: 'setStake', netuid, hotkey, stakeRao: String(rao) })
      await nextBlock()
    },
    headNumber: async () => (await chain.head()).number,
    newBlock: nextBlock,
    async jump(to) {
      await admin.newBlocks(to - (await chain.head()).number)
    },
    async startGate() {
      gate = await startHttpGate(url)
      return gate
    },
    async storedWeights(netuid, hotkey) {
      const { neurons } = await chain.metagraph(netuid)
      return chain.weights(netuid, neurons.find((one) => one.hotkey === hotkey)!.uid)
    },
    // The chain shows a block's extrinsics to nobody, but all of the verifier's came through the gate.
    async heldWeights(hotkey) {
      const { number } = await chain.finalized()
      const found: (HeldWeights & { block: number })[] = []
      for (const bytes of gate!.submitted) {
        const { hash, signer, call } = openExtrinsic(bytes, chain.genesisHash)
        const step = STEPS[call.name]
        if (signer !== hotkey || step === undefined) continue
        const inclusion = await chain.inclusion(hash, { from: 0, to: number })
        if (inclusion?.ok === true) found.push({ block: inclusion.block.number, hash, step })
      }
      return found.sort((a, b) => a.block - b.block).map(({ hash, step }) => ({ hash, step }))
    },
  }
}
