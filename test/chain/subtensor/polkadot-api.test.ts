import assert from 'node:assert/strict'
import { pino } from 'pino'
import { encodeAddress } from '../../../base/crypto.js'
import { sr25519Ready } from '../../../base/sr25519.js'
import type { Chain, WeightsCall } from '../../../chain/chain.js'
import { connectSubtensor } from '../../../chain/subtensor/adapter.js'
import { checkRuntime } from '../../../chain/subtensor/check/check-runtime.js'
import { useSubtensor } from '../../support/subtensor.js'
import { testSigner } from '../keys.js'
import { DROP, startTamperingNode, type Tamper, type TamperingNode } from './tampering-node.js'

const CONSOLE = ['log', 'info', 'warn', 'error', 'debug'] as const

describe("Polkadot's API behind the adapter", () => {
  const dev = useSubtensor()
  const said = CONSOLE.map((name) => console[name])
  const signer = testSigner('validator of //tampered')
  let netuid: number
  let printed: string[]
  let held: { close(): Promise<void> }[]

  before(async () => {
    await sr25519Ready()
    netuid = await dev().makeSubnet({ minStakeRao: 0n })
    await dev().register(netuid, [signer.ss58])
  })
  beforeEach(() => {
    held = []
    printed = []
    for (const name of CONSOLE) console[name] = (...parts) => printed.push(parts.join(' '))
  })
  afterEach(async () => {
    for (const [i, name] of CONSOLE.entries()) console[name] = said[i]!
    for (const each of held.splice(0).reverse()) await each.close()
    assert.deepEqual(printed, [], 'nothing on the console')
  })

  async function node(tamper: Tamper = (_, result) => result): Promise<TamperingNode> {
    const started = await startTamperingNode(dev().url, tamper)
    held.push(started)
    return started
  }

  async function connect(...endpoints: TamperingNode[]): Promise<Chain> {
    const endpoint = endpoints.map(({ url }) => url).join(',')
    const log = pino({ level: 'silent' })
    const chain = await connectSubtensor({ network: 'devnet', endpoint, log })
    held.push(chain)
    return chain
  }

  const weights = (): WeightsCall => ({
    step: 'set',
    netuid,
    uids: [0],
    values: [1],
    versionKey: 0,
    signer,
    eraBlocks: 64,
  })

  for (const lost of ['system_properties', 'state_call']) {
    it(`is not told of a connection that is lost at its ${lost}: the next endpoint serves`, async () => {
      const first = await node((method, result) => (method === lost ? DROP : result))
      const second = await node()
      const chain = await connect(first, second)
      assert.equal(chain.endpoint, second.url)
      assert.equal((await chain.metagraph(netuid)).neurons.length, 2)
    })
  }

  for (const lost of ['state_getRuntimeVersion', 'state_queryStorageAt']) {
    it(`nor of one that is lost at ${lost} under an operation, which runs again`, async () => {
      const [first, second] = [await node(), await node()]
      const chain = await connect(first, second)
      assert.equal(chain.endpoint, first.url)
      await dev().newBlock()
      first.tamper = (method, result) => (method === lost ? DROP : result)
      assert.equal((await chain.metagraph(netuid)).neurons.length, 2)
      assert.equal(chain.endpoint, second.url)
    })
  }

  it('nor of one that is lost while it reads the metadata of another runtime', async () => {
    const [first, second] = [await node(), await node()]
    const chain = await connect(first, second)
    await dev().newBlock()
    first.tamper = (method, result) => {
      if (method === 'state_call') return DROP
      if (method !== 'state_getRuntimeVersion') return result
      return { ...(result as object), specVersion: 217 }
    }
    assert.equal((await chain.metagraph(netuid)).neurons.length, 2)
    assert.equal(chain.endpoint, second.url)
  })

  it('begins anew at an endpoint that was away', async () => {
    const only = await node()
    const chain = await connect(only)
    only.restart()
    assert.equal((await chain.metagraph(netuid)).neurons.length, 2)
  })

  it('is on the newest runtime when it signs, and reads blocks of the one before', async () => {
    const it = await node()
    const chain = await connect(it)
    const before = await chain.head()
    const old = await chain.prepareWeights(weights())
    it.tamper = (method, result) =>
      method === 'state_getRuntimeVersion'
        ? { ...(result as object), specVersion: 219, transactionVersion: 2 }
        : result
    const upgraded = await chain.prepareWeights(weights())
    assert.equal(upgraded.nonce, old.nonce)
    // The node's runtime is the old one: a signature for another is none.
    await assert.rejects(chain.submit(upgraded), { code: 'BadProof' })
    assert.equal((await chain.metagraph(netuid, before)).neurons.length, 2)
    it.tamper = (_, result) => result
    await chain.submit(await chain.prepareWeights(weights()))
  })

  it('signs nothing with an extension that nobody here knows; reading goes on', async () => {
    const [known, unknown] = ['CheckNonce', 'CheckNonse'].map((n) => Buffer.from(n).toString('hex'))
    const chain = await connect(
      await node((method, result) =>
        method === 'state_call' ? String(result).replaceAll(known!, unknown!) : result,
      ),
    )
    await assert.rejects(chain.prepareWeights(weights()), {
      code: 'extension_unsupported',
      message: /^runtime 218 requires extrinsics to have CheckNonse, /,
    })
    assert.equal((await chain.metagraph(netuid)).neurons.length, 2)
  })

  it('is told of final blocks: who waits for them asks nothing, and who wants one by its hash once', async () => {
    let asked = 0
    const chain = await connect(
      await node((_, result) => {
        asked += 1
        return result
      }),
    )
    let { number } = await chain.finalized()
    asked = 0
    for (let i = 0; i < 4; i++) {
      const [before, next] = [number, chain.nextFinalized(number)]
      await dev().newBlock()
      number = (await next)!
      assert.equal(number, before + 1)
    }
    assert.equal(asked, 0)
    assert.equal((await chain.finalized()).number, number)
    assert.equal(asked, 1)
  })

  it('reads a metagraph and the parameters after it in seven requests', async () => {
    const asked = new Map<string, number>()
    const chain = await connect(
      await node((method, result) => {
        asked.set(method, (asked.get(method) ?? 0) + 1)
        return result
      }),
    )
    await chain.metagraph(netuid)
    await dev().newBlock()
    asked.clear()
    const { block } = await chain.metagraph(netuid)
    await chain.subnetParams(netuid, block)
    const requests = [...asked.values()].reduce((sum, count) => sum + count, 0)
    assert.ok(requests <= 7, JSON.stringify([...asked]))
  })

  it('shows what the runtime offers, and that it reads what is signed for it', async () => {
    // As the devnet says it: then its clock is not compared with this machine's.
    const it = await node((method, result) =>
      method === 'system_properties' ? { ...(result as object), blockMs: 12_000 } : result,
    )
    const findings = await checkRuntime(it.url, { netuid, mechanism: 0 })
    const what = (is: string) => findings.filter((each) => each.is === is).map((each) => each.what)
    assert.deepEqual(what('missing'), [])
    const found = what('ok')
    assert.ok(
      found.some((line) => /^runtime node-subtensor 218, /.test(line)),
      found.join('\n'),
    )
    for (const line of [
      'call plain weights: setWeights(netuid,dests,weights,versionKey)',
      'storage weightCommits: 2 keys',
      'extension CheckMortality',
    ]) {
      assert.ok(found.includes(line), `${line} among\n${found.join('\n')}`)
    }
    // Weights cost no fee, and this subnet asks for no stake.
    assert.equal(found.at(-1), 'a signed setWeights, unsent: read, and valid')
    assert.ok(found.includes(`subnet ${netuid}: weights would go by setWeights`))
    assert.ok(what('-').includes('call timelocked weights: none'))
  })

  it('shows an extension that nobody here knows, and that nothing can be signed', async () => {
    const [known, unknown] = ['CheckNonce', 'CheckNonse'].map((n) => Buffer.from(n).toString('hex'))
    const it = await node((method, result) =>
      method === 'state_call' ? String(result).replaceAll(known!, unknown!) : result,
    )
    const found = await checkRuntime(it.url, { netuid, mechanism: 0 })
    const missing = found.filter(({ is }) => is === 'missing')
    assert.deepEqual(
      missing.map(({ what }) => what.slice(0, 21)),
      // The blocks of this chain are as old as its genesis.
      ['a newer block: block ', 'extension CheckNonse:', 'a signed extrinsic, u'],
    )
  })

  it('takes the time of a block from the chain, else from what its runtime plans', async () => {
    const saying = await node((method, result) =>
      method === 'system_properties' ? { ...(result as object), blockMs: 250 } : result,
    )
    assert.equal((await connect(saying)).blockSeconds, 0.25)
    assert.equal((await connect(await node())).blockSeconds, 3)
  })

  it('writes addresses with our prefix, whatever the node says of its chain', async () => {
    const chain = await connect(
      await node((method, result) =>
        method === 'system_properties' ? { ...(result as object), ss58Format: 0 } : result,
      ),
    )
    const { neurons } = await chain.metagraph(netuid)
    const [, neuron] = neurons
    assert.equal(neuron!.hotkey, signer.ss58)
    assert.equal(neuron!.coldkey, encodeAddress(neuron!.coldkey, 42))
  })

  it('names what a node refuses: an unknown block, a state that is gone', async () => {
    const chain = await connect(await node())
    const unknown = { number: 1, hash: 'ab'.repeat(32) }
    await assert.rejects(chain.metagraph(netuid, unknown), { code: 'UnknownBlock' })
    const old = await chain.blockAt(1)
    await dev().jump(old.number + 300)
    await assert.rejects(chain.metagraph(netuid, old), { code: 'StateDiscarded' })
  })
})
