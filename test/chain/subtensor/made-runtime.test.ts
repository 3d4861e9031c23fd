import assert from 'node:assert/strict'
import { decodeAddress, sr25519Verify } from '../../../base/crypto.js'
import { type Signer, sr25519Ready } from '../../../base/sr25519.js'
import type { PreparedExtrinsic, WeightsCall, WeightsStep } from '../../../chain/chain.js'
import { keepsStateOf } from '../../../chain/kept-states.js'
import { connectSubtensor } from '../../../chain/subtensor/adapter.js'
import { checkRuntime } from '../../../chain/subtensor/check/check-runtime.js'
import { encodePayload, timelockHash } from '../../../chain/timelock/payload.js'
import { fromHex, toHex } from '../../../formats/bytes.js'
import { testSigner } from '../keys.js'
import { MadeNode } from './made-node.js'
import { MadeRuntime, type MadeRuntimeOptions } from './made-runtime.js'
import { MADE_AT_SECONDS, NETUID, putSubnet, strangerOf } from './made-subnet.js'

const BOTH = { timelocked: true, mechanisms: true }
let signer: Signer
/** The chain refuses more. */
const MOST_COMMIT_BYTES = 5000

describe('the adapter on metadata made by hand: calls and storage that no runtime at hand has', () => {
  const held: { close(): Promise<unknown> }[] = []

  before(async () => {
    await sr25519Ready()
    signer = testSigner('validator of a made chain')
  })
  afterEach(async () => {
    for (const each of held.splice(0).reverse()) await each.close()
  })

  async function site(
    options: MadeRuntimeOptions,
    subnet: Partial<Parameters<typeof putSubnet>[1]> = {},
    mechanism = 0,
  ) {
    const runtime = new MadeRuntime(options)
    putSubnet(runtime, { hotkeys: [signer.ss58, strangerOf(1), strangerOf(2)], ...subnet })
    const node = await MadeNode.start(runtime)
    held.push(node)
    const chain = await connectSubtensor({ network: 'made', endpoint: node.url, mechanism })
    held.push(chain)
    return { runtime, node, chain }
  }

  const weights = (step: WeightsStep, uids = [1, 2]): WeightsCall => ({
    ...{ step, netuid: NETUID, uids, values: uids.map((uid) => 60 * uid), versionKey: 3 },
    ...(step === 'commit' || step === 'reveal' ? { salt: [1, 2] } : {}),
    ...{ signer, eraBlocks: 16 },
  })

  /** What an extrinsic says to the runtime, by the metadata that it was made for. */
  function read({ registry }: MadeRuntime, { bytes }: PreparedExtrinsic) {
    const { method, nonce, era, signature, signer } = registry.createType('Extrinsic', `0x${bytes}`)
    const args = Object.fromEntries(
      method.meta.args.map(({ name }, i) => [name.toString(), method.args[i]!.toJSON()]),
    )
    return { call: method.method, args, method, nonce: nonce.toNumber(), era, signature, signer }
  }

  it('where a runtime offers both ways, timelocked: the call, its arguments, era and signature', async () => {
    const { runtime, node, chain } = await site(BOTH)
    const params = await chain.subnetParams(NETUID)
    assert.deepEqual([params.commitReveal, params.timelocked], [true, true])
    assert.deepEqual([params.ownerHotkey, params.minStakeRao], [signer.ss58, 10n ** 9n])
    const prepared = await chain.prepareWeights(weights('timelock'))
    const { call, args, method, nonce, era, signature, ...signed } = read(runtime, prepared)
    assert.equal(call, 'commitTimelockedWeights')
    const { commit, ...others } = args
    // Epoch 4 began after block 90: block 101 is in it, it ends in 140, and the reveal is of the next one's.
    const seconds = MADE_AT_SECONDS + (140 + 3 - 100) * 12
    const revealRound = Math.floor((seconds - 1_692_803_367) / 3)
    assert.deepEqual(others, { netuid: NETUID, revealRound, commitRevealVersion: 4 })
    const bytes = fromHex(String(commit).slice(2))
    assert.equal(prepared.commitHash, timelockHash(bytes))
    const { uids, values, versionKey } = weights('timelock')
    const plain = encodePayload({ hotkey: signer.ss58, uids, values, versionKey })
    // U, V, W, the ciphertext with its tag and nonce, the name of the cipher, and their lengths.
    const around = 96 + (8 + 32) * 2 + 8 + (8 + 16) + (8 + 12) + (8 + 8)
    assert.equal(bytes.length, plain.length + around)
    assert.equal(nonce, node.nonce)
    assert.equal(prepared.specVersion, 425)
    assert.equal(prepared.eraLast - prepared.eraFirst, 15)
    const mortal = era.asMortalEra
    assert.equal(mortal.birth(prepared.eraFirst), prepared.eraFirst)
    assert.equal(mortal.period.toNumber(), 16)
    assert.equal(signed.signer.toString(), signer.ss58)
    const payload = runtime.registry.createType(
      'ExtrinsicPayload',
      {
        ...{ method: method.toHex(), nonce, era: era.toHex(), tip: 0, mode: 0, metadataHash: null },
        ...{ specVersion: 425, transactionVersion: 1, genesisHash: node.hashOf(0) },
        blockHash: node.hashOf(prepared.eraFirst),
      } as never,
      { version: 4 } as never,
    )
    const text = payload.toU8a({ method: true } as never)
    const what = text.length > 256 ? runtime.registry.hash(text).toU8a() : text
    assert.ok(sr25519Verify(what, signature.toU8a(true).slice(-64), decodeAddress(signer.ss58)))
  })

  it('finds its commits in the storage of what waits, by their bytes, whoever else has some there', async () => {
    const { runtime, chain } = await site(BOTH)
    const bytes = (byte: number) => `0x${toHex(new Uint8Array(300).fill(byte))}`
    const put = (epoch: number, commits: unknown[]) =>
      runtime.put('subtensorModule', 'timelockedWeightCommits', [NETUID, epoch], commits)
    put(3, [[signer.ss58, 80, bytes(1), 36_000]])
    put(4, [
      [strangerOf(1), 95, bytes(2), 36_100],
      [signer.ss58, 96, bytes(3), 36_100],
    ])
    // Of an epoch so long ago nothing can be revealed any more.
    put(2, [[signer.ss58, 20, bytes(4), 35_000]])
    const hashOf = (byte: number) => timelockHash(new Uint8Array(300).fill(byte))
    const timelocked = true
    const waiting = [
      { hash: hashOf(1), block: 80, revealFirst: 90, revealLast: 139, timelocked },
      { hash: hashOf(3), block: 96, revealFirst: 140, revealLast: 189, timelocked },
    ]
    assert.deepEqual(await chain.commits(NETUID, signer.ss58), waiting)
    // Both are told where the older kind waits too.
    const older = [[`0x${'ab'.repeat(32)}`, 4, 97, 0]]
    runtime.put('subtensorModule', 'weightCommits', [NETUID, signer.ss58], older)
    const plain = { hash: 'ab'.repeat(32), block: 97, revealFirst: 140, revealLast: 189 }
    assert.deepEqual(await chain.commits(NETUID, signer.ss58), [
      { ...plain, timelocked: false },
      ...waiting,
    ])
  })

  it('an epoch that is deferred: the window of what waits is still to come', async () => {
    const { runtime, node, chain } = await site(BOTH)
    const commit = [signer.ss58, 96, '0x0102', 36_100]
    runtime.put('subtensorModule', 'timelockedWeightCommits', [NETUID, 4], [commit])
    node.advance(60)
    const [waiting] = await chain.commits(NETUID, signer.ss58)
    assert.equal(waiting!.revealFirst, 161, 'due at 140, and not run by 160')
    assert.equal((await chain.epoch(NETUID)).nextBlock, 161)
  })

  it('signs for the version that the chain reads, when it changes too, and reads the version key', async () => {
    const { runtime, chain } = await site(BOTH)
    const signedFor = async () => {
      const prepared = await chain.prepareWeights(weights('timelock'))
      return read(runtime, prepared).args.commitRevealVersion
    }
    assert.equal(await signedFor(), 4)
    runtime.put('subtensorModule', 'commitRevealWeightsVersion', [], 5)
    assert.equal(await signedFor(), 5)
    assert.equal((await chain.subnetParams(NETUID)).weightsVersionKey, 0)
    runtime.put('subtensorModule', 'weightsVersionKey', [NETUID], 9)
    assert.equal((await chain.subnetParams(NETUID)).weightsVersionKey, 9)
  })

  it('of another mechanism: its calls by mecid, and its weights, commits and updates by its index', async () => {
    const { runtime, chain } = await site(BOTH, { mechanisms: 2 }, 1)
    const index = 4096 + NETUID
    const of: [WeightsStep, string][] = [
      ['set', 'setMechanismWeights'],
      ['commit', 'commitMechanismWeights'],
      ['reveal', 'revealMechanismWeights'],
      ['timelock', 'commitTimelockedMechanismWeights'],
    ]
    for (const [step, call] of of) {
      const found = read(runtime, await chain.prepareWeights(weights(step)))
      assert.deepEqual([found.call, found.args.netuid, found.args.mecid], [call, NETUID, 1])
    }
    const put = (item: string, keys: unknown[], value: unknown) =>
      runtime.put('subtensorModule', item, keys, value)
    put('weights', [NETUID, 0], [[1, 65535]])
    put('weights', [index, 0], [[2, 65535]])
    put('timelockedWeightCommits', [NETUID, 4], [[signer.ss58, 96, '0x01', 9]])
    put('timelockedWeightCommits', [index, 4], [[signer.ss58, 97, '0x02', 9]])
    assert.deepEqual(await chain.weights(NETUID, 0), [[2, 65535]])
    assert.deepEqual(
      (await chain.commits(NETUID, signer.ss58)).map(({ block }) => block),
      [97],
    )
    const { neurons } = await chain.metagraph(NETUID)
    assert.deepEqual(
      neurons.map(({ lastUpdate }) => lastUpdate),
      [10, 11, 12],
    )
  })

  it('of a mechanism that the subnet has not, or the runtime has no calls for: refused by name', async () => {
    const none = await site(BOTH, { mechanisms: 1 }, 1)
    await assert.rejects(none.chain.subnetParams(NETUID), {
      code: 'MechanismDoesNotExist',
      message: 'subnet 7 has no mechanism 1: it has 1',
    })
    const { chain } = await site({ timelocked: true, mechanisms: false }, { mechanisms: 2 }, 1)
    assert.equal((await chain.subnetParams(NETUID)).timelocked, false)
    await assert.rejects(chain.prepareWeights(weights('set')), { code: 'weights_unsupported' })
  })

  it('a runtime without timelocks: by commit and reveal, with nothing that waits to be found', async () => {
    const { runtime, chain } = await site({ timelocked: false, mechanisms: false })
    assert.equal((await chain.subnetParams(NETUID)).timelocked, false)
    assert.deepEqual(await chain.commits(NETUID, signer.ss58), [])
    const { call } = read(runtime, await chain.prepareWeights(weights('commit')))
    assert.equal(call, 'commitWeights')
  })

  it('a metagraph of 1,024 uids is read in five requests, and so many weights fit into a commit', async () => {
    const hotkeys = Array.from({ length: 1024 }, (_, uid) => strangerOf(uid))
    const { runtime, node, chain } = await site(BOTH, { hotkeys })
    await chain.head()
    node.asked.clear()
    const { neurons } = await chain.metagraph(NETUID)
    assert.equal(neurons.length, 1024)
    assert.deepEqual(
      [neurons[1023]!.hotkey, neurons[1023]!.stakeRao, neurons[1023]!.validatorPermit],
      [hotkeys[1023], 1024n * 10n ** 9n, true],
    )
    const reads = node.asked.get('state_queryStorageAt')!
    assert.ok(reads <= 4, `${reads} reads of storage`)
    const all = hotkeys.map((_, uid) => uid)
    const { args } = read(runtime, await chain.prepareWeights(weights('timelock', all)))
    const { length } = fromHex(String(args.commit).slice(2))
    assert.ok(length > 4 * 1024 && length <= MOST_COMMIT_BYTES, `${length} bytes`)
  })

  it('a pruned node: by name, and it is known before anybody needs what is gone', async () => {
    const { node, chain } = await site(BOTH)
    node.advance(900)
    node.keptFrom = node.head - 256
    assert.equal(await keepsStateOf(chain, NETUID, 180), true)
    assert.equal(await keepsStateOf(chain, NETUID, 300), false)
    const old = await chain.blockAt(node.head - 300)
    await assert.rejects(chain.metagraph(NETUID, old), {
      code: 'StateDiscarded',
      message: /no longer has this block/,
      hint: 'Use an archive node, or a later block.',
    })
    const place = { netuid: NETUID, mechanism: 0 }
    const findings = await checkRuntime(node.url, place)
    const past = () => findings.filter(({ what }) => what.startsWith('state of '))
    assert.deepEqual(past(), [
      { is: 'ok', what: 'state of 180 blocks ago, for an interval that is begun late: kept' },
    ])
    node.keptFrom = node.head - 100
    const [found] = (await checkRuntime(node.url, place)).filter(({ what }) =>
      what.startsWith('state of '),
    )
    assert.equal(found!.is, 'missing')
    assert.match(found!.what, /discarded: an archive node has it$/)
  })

  it('a subnet that was dissolved: by name, with what to check', async () => {
    const { runtime, chain } = await site(BOTH)
    runtime.put('subtensorModule', 'networksAdded', [NETUID], false)
    const gone = {
      code: 'SubNetworkDoesNotExist',
      message: 'there is no subnet 7',
      hint: 'Check --netuid and --subtensor.network.',
    }
    await assert.rejects(chain.metagraph(NETUID), gone)
    await assert.rejects(chain.subnetParams(NETUID), gone)
    await assert.rejects(chain.commits(NETUID, signer.ss58), gone)
  })

  it('an endpoint that limits requests when bytes are handed to it: not the pool’s refusal, and tried again', async () => {
    const { node, chain } = await site(BOTH)
    const prepared = await chain.prepareWeights(weights('timelock'))
    node.refusal = { code: 429, message: 'Too Many Requests', data: { retry_after: 0.05 } }
    await assert.rejects(chain.submit(prepared), { code: 'chain_unreachable', retryable: true })
    node.refusal = null
    const submitted = await retried(() => chain.submit(prepared))
    assert.equal(submitted, undefined)
    assert.deepEqual(node.submitted, [`0x${prepared.bytes}`])
  })
})

/** As Temporal does with an activity, and with any waiting that it takes. */
async function retried<T>(run: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + 20_000; ; ) {
    try {
      return await run()
    } catch (error) {
      if (performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
