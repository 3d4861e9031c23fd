import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog } from '../../base/log.js'
import { sr25519Ready } from '../../base/sr25519.js'
import type { SubnetParams } from '../../chain/chain.js'
import { connectLocalChain } from '../../chain/local/adapter.js'
import { localAdmin } from '../../chain/local/admin-client.js'
import { type LocalnetConfig, startLocalnet } from '../../dev/localnet/server.js'
import type { ChainHarness } from './contract.js'
import { testSigner } from './keys.js'

export const SILENT = createLog('test', 'silent')

export async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fractal-chain-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A local chain without a clock. */
export function startManual(statePath: string, config: Partial<LocalnetConfig> = {}) {
  return startLocalnet({ port: 0, statePath, manual: true, log: SILENT, ...config })
}

export async function makeLocalHarness(
  config: Partial<LocalnetConfig> = {},
): Promise<ChainHarness> {
  await sr25519Ready()
  const folder = await mkdtemp(join(tmpdir(), 'fractal-chain-'))
  const server = await startManual(join(folder, 'chain.json'), config)
  const admin = localAdmin(server.url)
  let netuids = 0
  const local = ({ minStakeRao, ...params }: Partial<SubnetParams>) =>
    minStakeRao === undefined ? params : { ...params, minStakeRao: String(minStakeRao) }
  const nextBlock = () => admin.newBlocks(1)
  return {
    chain: await connectLocalChain(server.url),
    can: { revokePermits: true },
    axonIp: '127.0.0.2',
    async makeSubnet(params) {
      netuids += 1
      await admin.call({ name: 'createSubnet', netuid: netuids, params: local(params) })
      await nextBlock()
      return netuids
    },
    async setParams(netuid, params) {
      await admin.call({ name: 'setParams', netuid, params: local(params) })
      await nextBlock()
    },
    async register(netuid, hotkeys) {
      for (const hotkey of hotkeys) {
        const coldkey = testSigner(`coldkey of ${hotkey}`).ss58
        await admin.call({ name: 'register', netuid, hotkey, coldkey })
      }
      await nextBlock()
    },
    async setStake(netuid, hotkey, rao) {
      await admin.call({ name: 'setStake', netuid, hotkey, stakeRao: String(rao) })
      await nextBlock()
    },
    async setPermit(netuid, hotkey, permit) {
      await admin.call({ name: 'setPermit', netuid, hotkey, permit })
      await nextBlock()
    },
    async advance(blocks) {
      await admin.newBlocks(blocks)
    },
    async close() {
      await server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
