import assert from 'node:assert/strict'
import { isSs58, type Signer } from '../../base/sr25519.js'
import type { Chain, PreparedExtrinsic, SubnetParams, WeightsCall } from '../../chain/chain.js'
import { ChainError } from '../../chain/errors.js'
import { maxUpscale } from '../../chain/max-upscale.js'
import { testSigner } from './keys.js'

/** What the suite needs to bring a chain into a state; each adapter's tests make one. */
export interface ChainHarness {
  chain: Chain
  /** What this chain cannot be brought to do; its harness says why. */
  can: { revokePermits: boolean }
  /** An address that this chain accepts for an axon. */
  axonIp: string
  /** A new subnet without neurons of ours; returns its netuid. */
  makeSubnet(params: Partial<SubnetParams>): Promise<number>
  setParams(netuid: number, params: Partial<SubnetParams>): Promise<void>
  /** Each with a coldkey of its own; in the metagraph when this returns. */
  register(netuid: number, hotkeys: string[]): Promise<void>
  setStake(netuid: number, hotkey: string, rao: bigint): Promise<void>
  setPermit(netuid: number, hotkey: string, permit: boolean): Promise<void>
  advance(blocks: number): Promise<void>
  close(): Promise<void>
}

const TAO = 10n ** 9n
const QUICK: Partial<SubnetParams> = {
  weightsRateLimit: 0,
  weightsVersionKey: 0,
  minAllowedWeights: 0,
  maxWeightLimit: 65535,
  commitReveal: false,
  servingRateLimit: 0,
  minStakeRao: 0n,
}

/** What every adapter has to pass, on a chain that is real to it. */
export function describeChainContract(
  name: string,
  makeHarness: () => Promise<ChainHarness>,
): void {
  describe(`chain contract: ${name}`, () => {
    let harness: ChainHarness
    let chain: Chain

    before(async () => {
      harness = await makeHarness()
      chain = harness.chain
    })
    after(async () => {
      await harness?.chain.close()
      await harness?.close()
    })

    let made: Promise<number> | undefined
    let sites = 0

    /**
     * A validator that may set weights and some other neurons, all new. The subnet is one for all tests:
     * a real runtime's blocks take the longer the more there are.
     */
    async function subnet(params: Partial<SubnetParams> = {}) {
      made ??= harness.makeSubnet(QUICK)
      const netuid = await made
      await harness.setParams(netuid, { ...QUICK, ...params })
      sites += 1
      const validator = testSigner(`validator ${sites} of ${netuid}`)
      const others = [1, 2, 3].map((i) =>
        testSigner(`prover ${i} of validator ${sites} of ${netuid}`),
      )
      const hotkeys = [validator, ...others].map(({ ss58 }) => ss58)
      await harness.register(netuid, hotkeys)
      await harness.setStake(netuid, validator.ss58, 10_000n * TAO)
      await harness.setPermit(netuid, validator.ss58, true)
      const { neurons } = await chain.metagraph(netuid)
      const uids = hotkeys.map((hotkey) => neurons.find((n) => n.hotkey === hotkey)!.uid)
      return { netuid, validator, others, uids, ownUid: uids[0]! }
    }

    let shared: ReturnType<typeof subnet> | undefined

    /** The same neurons for all tests that don't mind what others left them. */
    async function sharedSubnet(params?: Partial<SubnetParams>) {
      shared ??= subnet()
      const site = await shared
      await harness.setParams(site.netuid, { ...QUICK, ...params })
      return site
    }

    function prepare(signer: Signer, netuid: number, call: Partial<WeightsCall> = {}) {
      return chain.prepareWeights({
        step: 'set',
        netuid,
        uids: [],
        values: [],
        versionKey: 0,
        signer,
        eraBlocks: 64,
        ...call,
      })
    }

    /** Advances until what is the head now is final. */
    async function finalize(): Promise<void> {
      const { number } = await chain.head()
      while ((await chain.finalized()).number < number) await harness.advance(1)
    }

    /** `ok`, or the name of the error, be it the pool's or the block's. */
    async function outcome(prepared: PreparedExtrinsic): Promise<string> {
      try {
        await chain.submit(prepared)
      } catch (error) {
        assert.ok(error instanceof ChainError, String(error))
        return error.code
      }
      await harness.advance(1)
      await finalize()
      const { number } = await chain.finalized()
      const range = { from: prepared.eraFirst, to: Math.min(prepared.eraLast, number) }
      const found = await chain.inclusion(prepared.hash, range)
      assert.ok(found !== null, 'the next block includes what the pool took')
      return found.ok ? 'ok' : found.error
    }

    /** For what only settles when blocks come. */
    async function whileAdvancing<T>(promise: Promise<T>): Promise<T> {
      let settled = false
      const settle = promise.then(
        () => (settled = true),
        () => (settled = true),
      )
      for (let i = 0; !settled && i < 50; i++) await harness.advance(1)
      await settle
      return promise
    }

    it('counts blocks: finalized ones keep their hash, later ones are refused', async () => {
      await harness.advance(4)
      const finalized = await chain.finalized()
      const head = await chain.head()
      assert.match(chain.genesisHash, /^[0-9a-f]{64}$/)
      assert.ok(finalized.number <= head.number)
      assert.deepEqual(await chain.blockAt(finalized.number), finalized)
      await assert.rejects(chain.blockAt(head.number + 1), { code: 'not_finalized' })
      await harness.advance(3)
      assert.deepEqual(await chain.blockAt(finalized.number), finalized)
      assert.ok((await chain.finalized()).number > finalized.number)
    })

    it('knows how long ago it saw a new block', async () => {
      await harness.advance(1)
      await chain.head()
      const before = chain.lastBlockAgeMs()
      assert.ok(before >= 0)
      await chain.head()
      assert.ok(chain.lastBlockAgeMs() >= before, 'without a new block it only grows')
    })

    it('lists neurons by uid, with what registration sets', async () => {
      const netuid = await harness.makeSubnet(QUICK)
      const hotkeys = ['first', 'second'].map((n) => testSigner(`${n} of ${netuid}`).ss58)
      const { number: before } = await chain.head()
      await harness.register(netuid, hotkeys)
      const { neurons, block } = await chain.metagraph(netuid)
      assert.deepEqual(
        neurons.map(({ uid }) => uid),
        neurons.map((_, i) => i),
      )
      const ours = hotkeys.map((hotkey) => neurons.find((n) => n.hotkey === hotkey)!)
      assert.notEqual(ours[0]!.coldkey, ours[1]!.coldkey)
      for (const neuron of ours) {
        assert.ok(neuron.registeredBlock > before && neuron.registeredBlock <= block.number)
        assert.equal(neuron.lastUpdate, neuron.registeredBlock)
        assert.equal(neuron.axon, null)
      }
    })

    it('reads hyperparameters, and refuses a subnet that is not there', async () => {
      const { netuid } = await subnet({ weightsRateLimit: 7, minAllowedWeights: 2 })
      const params = await chain.subnetParams(netuid)
      assert.equal(params.weightsRateLimit, 7)
      assert.equal(params.minAllowedWeights, 2)
      assert.equal(params.commitReveal, false)
      assert.equal(typeof params.minStakeRao, 'bigint')
      assert.ok(params.ownerHotkey === null || isSs58(params.ownerHotkey), `${params.ownerHotkey}`)
      const missing = { code: 'SubNetworkDoesNotExist' }
      await assert.rejects(chain.metagraph(4242), missing)
      await assert.rejects(chain.subnetParams(4242), missing)
      await assert.rejects(chain.weights(4242, 0), missing)
    })

    for (const sent of [
      [3, 1, 0],
      [65535, 32768, 100],
      [100, 200, 150],
      [50000, 1, 49999],
    ]) {
      it(`stores the weights ${sent} max-upscaled`, async () => {
        const { netuid, validator, uids, ownUid } = await sharedSubnet()
        const targets = uids.slice(1)
        const prepared = await prepare(validator, netuid, { uids: targets, values: sent })
        assert.equal(await outcome(prepared), 'ok')
        const stored = targets.map((uid, i) => [uid, maxUpscale(sent)[i]])
        assert.deepEqual(await chain.weights(netuid, ownUid), stored)
        const { neurons } = await chain.metagraph(netuid)
        const range = { from: prepared.eraFirst, to: prepared.eraLast }
        const found = await chain.inclusion(prepared.hash, range)
        assert.equal(neurons[ownUid]!.lastUpdate, found!.block.number)
      })
    }

    it('takes the same bytes again without error and without effect', async () => {
      const { netuid, validator, uids, ownUid } = await sharedSubnet()
      const prepared = await prepare(validator, netuid, { uids: [uids[1]!], values: [9] })
      await chain.submit(prepared)
      await chain.submit(prepared)
      assert.equal(await outcome(prepared), 'ok')
      const { lastUpdate } = (await chain.metagraph(netuid)).neurons[ownUid]!
      assert.equal(await outcome(prepared), 'ok')
      assert.equal((await chain.metagraph(netuid)).neurons[ownUid]!.lastUpdate, lastUpdate)
      const next = await prepare(validator, netuid, { uids: [uids[2]!], values: [9] })
      assert.equal(next.nonce, prepared.nonce + 1)
    })

    it('finds an inclusion only in finalized blocks of the range', async () => {
      const { netuid, validator, uids } = await sharedSubnet()
      const prepared = await prepare(validator, netuid, { uids: [uids[1]!], values: [1] })
      const { eraFirst, eraLast } = prepared
      assert.equal(await chain.inclusion(prepared.hash, { from: eraFirst, to: eraLast }), null)
      assert.equal(await outcome(prepared), 'ok')
      const found = await chain.inclusion(prepared.hash, { from: eraFirst, to: eraLast })
      const { number } = found!.block
      assert.deepEqual(found!.block, await chain.blockAt(number))
      assert.notEqual(await chain.inclusion(prepared.hash, { from: number, to: number }), null)
      const before = { from: 0, to: number - 1 }
      assert.equal(await chain.inclusion(prepared.hash, before), null)
    })

    it('takes two extrinsics of one key, in order of their nonces', async () => {
      const { netuid, validator, uids, ownUid } = await sharedSubnet()
      const first = await prepare(validator, netuid, { uids: [uids[1]!], values: [1] })
      await chain.submit(first)
      const second = await prepare(validator, netuid, { uids: [uids[2]!], values: [1] })
      assert.equal(second.nonce, first.nonce + 1)
      assert.equal(await outcome(second), 'ok')
      assert.deepEqual(await chain.weights(netuid, ownUid), [[uids[2], 65535]])
    })

    it('refuses a used nonce', async () => {
      const { netuid, validator, uids } = await sharedSubnet()
      const first = await prepare(validator, netuid, { uids: [uids[1]!], values: [1] })
      const rival = await prepare(validator, netuid, { uids: [uids[2]!], values: [1] })
      assert.equal(rival.nonce, first.nonce)
      assert.equal(await outcome(first), 'ok')
      await assert.rejects(chain.submit(rival), { code: 'Stale' })
    })

    it('refuses bytes that were changed', async () => {
      const { netuid, validator, uids } = await sharedSubnet()
      const prepared = await prepare(validator, netuid, { uids: [uids[1]!], values: [1] })
      const at = prepared.bytes.length - 10
      const flipped = prepared.bytes[at] === '4' ? '5' : '4'
      const bytes = prepared.bytes.slice(0, at) + flipped + prepared.bytes.slice(at + 1)
      await assert.rejects(chain.submit({ ...prepared, bytes }), { code: 'BadProof' })
    })

    it('refuses an extrinsic whose era has passed', async () => {
      const { netuid, validator, uids } = await sharedSubnet()
      const call = { uids: [uids[1]!], values: [1], eraBlocks: 4 }
      const prepared = await prepare(validator, netuid, call)
      assert.equal(prepared.eraLast - prepared.eraFirst, 3)
      await harness.advance(8)
      await finalize()
      await assert.rejects(chain.submit(prepared), { code: 'AncientBirthBlock' })
      const range = { from: prepared.eraFirst, to: prepared.eraLast }
      assert.equal(await chain.inclusion(prepared.hash, range), null)
    })

    it('lets a new neuron wait for the rate limit, and then from weights to weights', async () => {
      const { netuid, validator, uids, ownUid } = await subnet({ weightsRateLimit: 20 })
      const call = { uids: [uids[1]!], values: [1] }
      assert.equal(await outcome(await prepare(validator, netuid, call)), 'SettingWeightsTooFast')
      const { lastUpdate } = (await chain.metagraph(netuid)).neurons[ownUid]!
      await harness.advance(lastUpdate + 19 - (await chain.head()).number)
      const exact = await prepare(validator, netuid, call)
      assert.equal(await outcome(exact), 'ok')
      const after = (await chain.metagraph(netuid)).neurons[ownUid]!.lastUpdate
      assert.equal(after, lastUpdate + 20, 'the first block that may')
      assert.equal(await outcome(await prepare(validator, netuid, call)), 'SettingWeightsTooFast')
    })

    const refusals: {
      error: string
      params?: Partial<SubnetParams>
      call: (uids: number[]) => Partial<WeightsCall>
    }[] = [
      {
        error: 'IncorrectWeightVersionKey',
        params: { weightsVersionKey: 5 },
        call: ([, a]) => ({ uids: [a!], values: [1], versionKey: 4 }),
      },
      {
        error: 'WeightVecLengthIsLow',
        params: { minAllowedWeights: 3 },
        call: ([, a]) => ({ uids: [a!], values: [1] }),
      },
      {
        error: 'MaxWeightExceeded',
        params: { maxWeightLimit: 30000 },
        call: ([, a, b]) => ({ uids: [a!, b!], values: [2, 1] }),
      },
      { error: 'DuplicateUids', call: ([, a]) => ({ uids: [a!, a!], values: [1, 1] }) },
      { error: 'UidVecContainInvalidOne', call: () => ({ uids: [999], values: [1] }) },
      { error: 'WeightVecNotEqualSize', call: ([, a, b]) => ({ uids: [a!, b!], values: [1] }) },
      {
        error: 'CommitRevealEnabled',
        params: { commitReveal: true },
        call: ([, a]) => ({ uids: [a!], values: [1] }),
      },
    ]
    for (const { error, params, call } of refusals) {
      it(`refuses weights with ${error}, and changes nothing`, async () => {
        const { netuid, validator, uids, ownUid } = await sharedSubnet(params)
        const { lastUpdate } = (await chain.metagraph(netuid)).neurons[ownUid]!
        const weights = await chain.weights(netuid, ownUid)
        assert.equal(await outcome(await prepare(validator, netuid, call(uids))), error)
        assert.deepEqual(await chain.weights(netuid, ownUid), weights)
        assert.equal((await chain.metagraph(netuid)).neurons[ownUid]!.lastUpdate, lastUpdate)
      })
    }

    it('accepts a version key that is higher than asked for', async () => {
      const { netuid, validator, uids } = await sharedSubnet({ weightsVersionKey: 5 })
      const call = { uids: [uids[1]!], values: [1], versionKey: 6 }
      assert.equal(await outcome(await prepare(validator, netuid, call)), 'ok')
    })

    it('accepts a weight for oneself alone below the minimum count', async () => {
      const { netuid, validator, ownUid } = await sharedSubnet({ minAllowedWeights: 3 })
      const call = { uids: [ownUid], values: [1] }
      assert.equal(await outcome(await prepare(validator, netuid, call)), 'ok')
    })

    it('refuses weights by a stranger, on no subnet, and with too little stake', async () => {
      const { netuid, others, uids } = await sharedSubnet()
      const call = { uids: [uids[1]!], values: [1] }
      const stranger = testSigner('nobody')
      const unknown = await outcome(await prepare(stranger, netuid, call))
      assert.equal(unknown, 'HotKeyNotRegisteredInSubNet')
      const nowhere = await outcome(await prepare(others[1]!, 4242, call))
      assert.equal(nowhere, 'SubNetworkDoesNotExist')
      await harness.setParams(netuid, { minStakeRao: 50n * TAO })
      const poor = await prepare(others[0]!, netuid, call)
      await assert.rejects(chain.submit(poor), { code: 'NotEnoughStakeToSetWeights' })
    })

    it('refuses weights without a validator permit', async function () {
      if (!harness.can.revokePermits) this.skip()
      const { netuid, others, uids } = await subnet()
      await harness.setPermit(netuid, others[0]!.ss58, false)
      const call = { uids: [uids[2]!], values: [1] }
      const refused = await outcome(await prepare(others[0]!, netuid, call))
      assert.equal(refused, 'NeuronNoValidatorPermit')
    })

    it('reads the past as it was', async () => {
      const { netuid, validator, others, uids, ownUid } = await subnet()
      await finalize()
      const past = await chain.finalized()
      const before = await chain.metagraph(netuid, past)
      const params = await chain.subnetParams(netuid, past)
      const call = { uids: [uids[1]!], values: [1] }
      assert.equal(await outcome(await prepare(validator, netuid, call)), 'ok')
      await harness.setStake(netuid, others[0]!.ss58, 77n * TAO)
      await harness.setParams(netuid, { immunityPeriod: params.immunityPeriod + 1 })
      await harness.advance(3)
      assert.deepEqual(before.block, past)
      assert.deepEqual(await chain.metagraph(netuid, past), before)
      assert.deepEqual(await chain.weights(netuid, ownUid, past), [])
      assert.deepEqual(await chain.subnetParams(netuid, past), params)
      assert.notDeepEqual(await chain.metagraph(netuid), before)
      assert.notDeepEqual(await chain.subnetParams(netuid), params)
    })

    it('serves an axon once, and again only when the address changed', async () => {
      const { netuid, others, uids } = await subnet()
      const [signer] = others
      const address = { ip: harness.axonIp, port: 8091 }
      assert.equal(await whileAdvancing(chain.serveAxon(signer!, netuid, address)), 'served')
      assert.deepEqual((await chain.metagraph(netuid)).neurons[uids[1]!]!.axon, address)
      assert.equal(await chain.serveAxon(signer!, netuid, address), 'unchanged')
      const moved = { ...address, port: 8092 }
      assert.equal(await whileAdvancing(chain.serveAxon(signer!, netuid, moved)), 'served')
      assert.deepEqual((await chain.metagraph(netuid)).neurons[uids[1]!]!.axon, moved)
    })

    it('refuses axons by name: loopback, what is no address, too often, unregistered', async () => {
      const { netuid, others } = await subnet({ servingRateLimit: 1000 })
      const [signer] = others
      const serve = (by: Signer, ip: string, port: number) =>
        whileAdvancing(chain.serveAxon(by, netuid, { ip, port }))
      if (!chain.allowsLoopbackAxons) {
        await assert.rejects(serve(signer!, '127.0.0.1', 8091), { code: 'InvalidIpAddress' })
      }
      for (const ip of ['203.0.113', '203.0.113.07', '0x7f.1', '3405803783', 'example.org']) {
        await assert.rejects(serve(signer!, ip, 8091), { code: 'InvalidIpType' }, ip)
      }
      for (const ip of ['0.0.0.0', '::']) {
        await assert.rejects(serve(signer!, ip, 8091), { code: 'InvalidIpAddress' }, ip)
      }
      assert.equal(await serve(signer!, harness.axonIp, 8091), 'served')
      const again = serve(signer!, harness.axonIp, 8092)
      await assert.rejects(again, { code: 'ServingRateLimitExceeded' })
      const stranger = serve(testSigner('nobody'), harness.axonIp, 8091)
      await assert.rejects(stranger, { code: 'HotKeyNotRegisteredInNetwork' })
    })
  })
}
