import assert from 'node:assert/strict'
import { join } from 'node:path'
import { sr25519Ready } from '../../../base/sr25519.js'
import type { Chain, WeightsCall } from '../../../chain/chain.js'
import { connectLocalChain } from '../../../chain/local/adapter.js'
import { localAdmin } from '../../../chain/local/admin-client.js'
import type { RunningLocalnet } from '../../../dev/localnet/server.js'
import { testSigner } from '../../chain/keys.js'
import { startManual, withFolder } from '../../chain/local-harness.js'

const NETUID = 1
const TEMPO = 20

describe('local chain: timelocked weights', () => {
  before(sr25519Ready)

  const call = (): WeightsCall => ({
    ...{ step: 'timelock', netuid: NETUID, uids: [1, 2], values: [100, 50], versionKey: 0 },
    ...{ signer: testSigner('timelocker'), eraBlocks: 16 },
  })

  async function withChain(
    use: (it: { chain: Chain; server: RunningLocalnet; statePath: string }) => Promise<void>,
    params: { commitReveal?: boolean; roundLag?: number } = {},
  ): Promise<void> {
    await withFolder(async (folder) => {
      const statePath = join(folder, 'chain.json')
      const server = await startManual(statePath, { finalityLag: 0 })
      try {
        const admin = localAdmin(server.url)
        const hidden = { tempo: TEMPO, weightsRateLimit: 0, commitReveal: true, timelocked: true }
        const subnet = { ...hidden, ...params }
        await admin.call({ name: 'createSubnet', netuid: NETUID, params: subnet })
        for (const name of ['timelocker', 'one', 'two']) {
          const { ss58 } = testSigner(name)
          await admin.call({ name: 'register', netuid: NETUID, hotkey: ss58, coldkey: ss58 })
        }
        const { ss58: hotkey } = testSigner('timelocker')
        await admin.call({ name: 'setStake', netuid: NETUID, hotkey, stakeRao: '1000000' })
        await admin.newBlocks(1)
        await use({ chain: await connectLocalChain(server.url), server, statePath })
      } finally {
        await server.close()
      }
    })
  }

  const hotkey = () => testSigner('timelocker').ss58

  it('are stored as bytes, shown in the reveal’s epoch, and outlive a restart of the chain', async () => {
    await withChain(async ({ chain, server, statePath }) => {
      const prepared = await chain.prepareWeights(call())
      assert.match(prepared.commitHash!, /^[0-9a-f]{64}$/)
      await chain.submit(prepared)
      await localAdmin(server.url).newBlocks(1)
      const [commit, ...others] = await chain.commits(NETUID, hotkey())
      assert.deepEqual(others, [])
      assert.equal(commit!.hash, prepared.commitHash)
      assert.equal(commit!.timelocked, true)
      assert.equal(commit!.revealLast - commit!.revealFirst, TEMPO)
      await server.close()
      const again = await startManual(statePath, { finalityLag: 0 })
      try {
        const after = await connectLocalChain(again.url)
        assert.deepEqual(await after.commits(NETUID, hotkey()), [commit])
        const admin = localAdmin(again.url)
        await admin.newBlocks(commit!.revealFirst - (await after.head()).number)
        assert.deepEqual(await after.weights(NETUID, 0), [], 'its round is not out')
        await admin.newBlocks(1)
        const shown = [
          [1, 65535],
          [2, 32768],
        ]
        assert.deepEqual(await after.weights(NETUID, 0), shown)
        assert.deepEqual(await after.commits(NETUID, hotkey()), [])
      } finally {
        await again.close()
      }
    })
  })

  it('are forgotten, and never shown, when the round does not come in their epoch', async () => {
    await withChain(
      async ({ chain, server }) => {
        await chain.submit(await chain.prepareWeights(call()))
        const admin = localAdmin(server.url)
        await admin.newBlocks(1)
        const [commit] = await chain.commits(NETUID, hotkey())
        await admin.newBlocks(commit!.revealLast - (await chain.head()).number)
        assert.equal((await chain.commits(NETUID, hotkey())).length, 1)
        await admin.newBlocks(1)
        assert.deepEqual(await chain.commits(NETUID, hotkey()), [])
        assert.deepEqual(await chain.weights(NETUID, 0), [])
      },
      { roundLag: 1000 },
    )
  })

  it('are refused without commit-reveal, and from a stranger', async () => {
    await withChain(
      async ({ chain, server }) => {
        for (const [signer, error, commitReveal] of [
          [testSigner('timelocker'), 'CommitRevealDisabled', false],
          [testSigner('nobody'), 'HotKeyNotRegisteredInSubNet', true],
        ] as const) {
          const admin = localAdmin(server.url)
          await admin.call({ name: 'setParams', netuid: NETUID, params: { commitReveal } })
          const prepared = await chain.prepareWeights({ ...call(), signer })
          await chain.submit(prepared)
          const { number } = await admin.newBlocks(1)
          const found = await chain.inclusion(prepared.hash, { from: number, to: number })
          assert.deepEqual(found?.ok === false && found.error, error)
        }
      },
      { commitReveal: false },
    )
  })
})
