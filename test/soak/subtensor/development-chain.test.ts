import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import type { ApiPromise } from '@polkadot/api'
import { startSubtensor } from '../../../dev/subtensor/start.js'
import type { StorageHex } from '../../../dev/subtensor/storage.js'
import { useSubtensor } from '../../support/subtensor.js'

// In their CommonJS form for the reason in base/crypto.ts.
const require = createRequire(import.meta.url)
const polkadot: typeof import('@polkadot/api') = require('@polkadot/api')

const QUICK = {
  weightsRateLimit: 0,
  minAllowedWeights: 0,
  maxWeightLimit: 65_535,
  servingRateLimit: 0,
  minStakeRao: 0n,
}
const GENESIS = '0xea857518add0925de795a6e7d1cf46a19f28b5c6371a1b9e2d34bd74a905cae8'
const keyring = new polkadot.Keyring({ type: 'sr25519' })
const keyOf = (name: string) => keyring.addFromUri(`//${name}`)

describe('the development chain of Subtensor', () => {
  let api: ApiPromise
  // Before the chain's own: in this order they run.
  after(() => api?.disconnect())
  const chain = useSubtensor()

  before(async () => {
    const provider = new polkadot.WsProvider(chain().url)
    api = await polkadot.ApiPromise.create({ provider, noInitWarn: true })
  })

  /** A subnet with some neurons, the first of which we sign for. */
  async function subnet() {
    const netuid = await chain().makeSubnet(QUICK)
    const keys = ['setter', 'other'].map((name) => keyOf(`${name} ${netuid}`))
    await chain().register(
      netuid,
      keys.map(({ address }) => address),
    )
    return { netuid, keys, setter: keys[0]! }
  }

  const weights = (netuid: number, nonce: number, value: number, era: object = {}) =>
    api.tx.subtensorModule!.setWeights!(netuid, [1], [value], 0).signAsync(
      keyOf(`setter ${netuid}`),
      { nonce, era: 0, ...era },
    )
  const submit = async (extrinsic: { toHex(): string }): Promise<string> => {
    const provider = new polkadot.WsProvider(chain().url)
    try {
      await provider.isReady
      return await provider.send('author_submitExtrinsic', [extrinsic.toHex()])
    } catch (error) {
      return (error as Error).message
    } finally {
      await provider.disconnect()
    }
  }
  const eventsAt = async (hash: string) => {
    const records = await (await api.at(hash)).query.system!.events!()
    return JSON.stringify(records.toHuman())
  }

  it('makes blocks when asked, one after the other', async () => {
    const { number } = chain().head()
    const block = await chain().newBlock(2)
    assert.equal(block.number, number + 2)
    assert.equal((await api.rpc.chain.getHeader()).hash.toHex(), block.hash)
    assert.equal((await api.rpc.chain.getBlockHash(block.number)).toHex(), block.hash)
  })

  it('begins every time with the same genesis', () => {
    assert.equal(chain().genesisHash, GENESIS)
  })

  it('registers neurons and stakes exactly, and says what root was refused for', async () => {
    const { netuid, setter } = await subnet()
    await chain().setStake(netuid, setter.address, 5_000_000n)
    const at = await api.at(chain().head().hash)
    const alpha = await at.query.subtensorModule!.totalHotkeyAlpha!(setter.address, netuid)
    assert.equal(String(alpha), '5000000')
    const again = chain().register(netuid, [setter.address])
    await assert.rejects(again, { code: 'sudo_failed', message: /HotKeyAlreadyRegisteredInSubNet/ })
  })

  it('leaves the past as it was', async () => {
    const { netuid, setter } = await subnet()
    const before = await api.at(chain().head().hash)
    const read = () => before.query.subtensorModule!.totalHotkeyAlpha!(setter.address, netuid)
    const stake = String(await read())
    await chain().setStake(netuid, setter.address, 77n)
    await chain().newBlock()
    assert.equal(String(await read()), stake)
  })

  it('takes bytes once, and says by code why not a second time', async () => {
    const { netuid, setter } = await subnet()
    const [first, rival] = [await weights(netuid, 0, 1), await weights(netuid, 0, 2)]
    assert.equal(await submit(first), first.hash.toHex())
    assert.match(await submit(first), /^1013: Transaction Already Imported/)
    assert.match(await submit(rival), /^1014: Priority is too low/)
    assert.equal(Number(await api.rpc.system.accountNextIndex(setter.address)), 1)
    const block = await chain().newBlock()
    assert.ok(block.extrinsics.includes(first.toHex() as StorageHex))
    assert.match(await eventsAt(block.hash), /WeightsSet/)
    assert.match(await submit(first), /^1012: Transaction is temporarily banned/)
    assert.match(await submit(rival), /^1010: Invalid Transaction: Transaction is outdated/)
  })

  it('takes what comes while a block is made into the next, also when it is valid for one block only', async () => {
    const { netuid } = await subnet()
    const extrinsic = await weights(netuid, 0, 1)
    const made = chain().newBlock()
    assert.equal(await submit(extrinsic), extrinsic.hash.toHex())
    const blocks = [await made, await chain().newBlock()]
    const taken = blocks.flatMap((block) => block.extrinsics)
    assert.ok(taken.includes(extrinsic.toHex() as StorageHex))
  })

  it('lets a nonce that comes early wait for the one before', async () => {
    const { netuid } = await subnet()
    const [first, second] = [await weights(netuid, 0, 1), await weights(netuid, 1, 2)]
    assert.equal(await submit(second), second.hash.toHex())
    assert.deepEqual((await api.rpc.author.pendingExtrinsics()).length, 0)
    assert.equal(await submit(first), first.hash.toHex())
    const taken = (await chain().newBlock()).extrinsics
    assert.deepEqual(taken.slice(1), [first.toHex(), second.toHex()])
  })

  it('applies the others of a block when one cannot be applied', async () => {
    const { netuid } = await subnet()
    // Valid when it was sent; in the block the one before it has taken all that the account has.
    const poor = keyOf(`poor ${netuid}`)
    const { balances } = api.tx
    await chain().fund(poor.address)
    const all = balances!.transferAll!(keyOf('sink').address, false)
    const emptying = await all.signAsync(poor, { nonce: 0, era: 0 })
    const late = await balances!.transferKeepAlive!(keyOf('sink').address, 1).signAsync(poor, {
      nonce: 1,
      era: 0,
    })
    const good = await weights(netuid, 0, 1)
    for (const each of [late, emptying, good]) assert.equal(await submit(each), each.hash.toHex())
    const taken = (await chain().newBlock()).extrinsics
    assert.ok(taken.includes(emptying.toHex() as StorageHex))
    assert.ok(taken.includes(good.toHex() as StorageHex))
    assert.ok(!taken.includes(late.toHex() as StorageHex))
  })

  it('jumps: every block has a hash, and eras go on', async () => {
    const { netuid } = await subnet()
    const { number, hash } = chain().head()
    const eraOf = (period: number) => ({
      blockHash: hash,
      era: api.registry.createType('ExtrinsicEra', { current: number, period }),
    })
    const long = await weights(netuid, 0, 1, eraOf(1024))
    const short = await weights(netuid, 0, 2, eraOf(64))
    await chain().jump(number + 500)
    assert.equal(Number(await api.query.system!.number!()), number + 500)
    const between = await api.rpc.chain.getBlockHash(number + 250)
    const header = await api.rpc.chain.getHeader(between)
    assert.equal(header.number.toNumber(), number + 250)
    assert.equal(header.parentHash.toHex(), String(await api.rpc.chain.getBlockHash(number + 249)))
    assert.equal(String(await api.query.system!.blockHash!(number + 250)), between.toHex())
    assert.match(await submit(short), /^1010: .*bad signature/)
    assert.equal(await submit(long), long.hash.toHex())
  })

  it('takes a permit away, and gives it back', async () => {
    const { netuid, setter } = await subnet()
    await chain().setPermit(netuid, setter.address, false)
    const permits = async () =>
      (await api.query.subtensorModule!.validatorPermit!(netuid)).toJSON() as boolean[]
    assert.deepEqual(await permits(), [true, false, true])
    // The other neuron's: no weight for oneself alone, which needs no permit.
    const refused = api.tx.subtensorModule!.setWeights!(netuid, [2], [1], 0)
    await submit(await refused.signAsync(setter, { nonce: 0, era: 0 }))
    const { hash } = await chain().newBlock()
    const name = api.registry.findMetaError(await failureAt(api, hash)).name
    assert.equal(name, 'NeuronNoValidatorPermit')
    await chain().setPermit(netuid, setter.address, true)
    assert.deepEqual(await permits(), [true, true, true])
  })

  it('tells of blocks and of what becomes of an extrinsic', async () => {
    const { netuid } = await subnet()
    const seen: string[] = []
    const extrinsic = await weights(netuid, 0, 1)
    const done = new Promise<void>((resolve, reject) => {
      extrinsic
        .send(({ status }) => {
          seen.push(status.type)
          if (status.isReady) chain().newBlock().catch(reject)
          if (status.isFinalized) resolve()
        })
        .catch(reject)
    })
    await done
    assert.equal(seen[0], 'Ready')
  })

  it('forgets the state of old blocks as a node does, and keeps the others', async () => {
    const old = chain().head()
    await chain().jump(old.number + 255)
    await api.rpc.state.getKeysPaged('0x', 1, '0x', old.hash)
    await chain().newBlock()
    // Another question: the client remembers answers about a block.
    const refused = api.rpc.state.getKeysPaged('0x', 2, '0x', old.hash)
    await assert.rejects(refused, /4003: .*State already discarded/)
    assert.equal((await api.rpc.chain.getHeader(old.hash)).number.toNumber(), old.number)
  })

  it('says so when its port is taken', async () => {
    const port = Number(new URL(chain().url).port)
    await assert.rejects(startSubtensor({ port }), { code: 'port_taken' })
  })

  it('lags behind with finality; begins another chain at another time', async () => {
    const slow = await startSubtensor({ finalityLag: 2, genesisTime: 1_800_000_000_000 })
    const provider = new polkadot.WsProvider(slow.url)
    try {
      const seen: number[] = []
      await provider.isReady
      await slow.newBlock(2)
      await provider.subscribe(
        'chain_finalizedHead',
        'chain_subscribeFinalizedHeads',
        [],
        (_, header: { number: string }) => seen.push(Number(header.number)),
      )
      await slow.newBlock(3)
      const hash = await provider.send('chain_getFinalizedHead', [])
      const header = await provider.send<{ number: string }>('chain_getHeader', [hash])
      assert.equal(Number(header.number), slow.head().number - 2)
      assert.deepEqual(seen, [1, 2, 3, 4])
      assert.notEqual(slow.genesisHash, GENESIS)
    } finally {
      await provider.disconnect()
      await slow.close()
    }
  })
})

async function failureAt(api: ApiPromise, hash: string): Promise<never> {
  const records = (await (
    await api.at(hash)
  ).query.system!.events!()) as unknown as {
    event: { method: string; data: { asModule: never }[] }
  }[]
  const failed = records.find(({ event }) => event.method === 'ExtrinsicFailed')
  assert.ok(failed, 'the extrinsic failed in the block')
  return failed.event.data[0]!.asModule
}
