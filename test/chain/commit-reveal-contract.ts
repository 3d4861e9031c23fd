import assert from 'node:assert/strict'
import type { Signer } from '../../base/sr25519.js'
import type { Chain, PreparedExtrinsic, SubnetParams, WeightsCall } from '../../chain/chain.js'
import { commitHash } from '../../chain/commit-hash.js'
import { ChainError } from '../../chain/errors.js'
import { maxUpscale } from '../../chain/max-upscale.js'
import type { ChainHarness } from './contract.js'
import { testSigner } from './keys.js'

const TAO = 10n ** 9n
const TEMPO = 10
const HIDDEN: Partial<SubnetParams> = {
  tempo: TEMPO,
  commitReveal: true,
  revealPeriodEpochs: 1,
  weightsRateLimit: 0,
  weightsVersionKey: 0,
  minAllowedWeights: 0,
  maxWeightLimit: 65535,
  minStakeRao: 0n,
}

/** Weights by commit and reveal, as every adapter has to pass it; the real runtime decided what is right. */
export function describeCommitRevealContract(
  name: string,
  makeHarness: () => Promise<ChainHarness>,
): void {
  describe(`commit-reveal contract: ${name}`, () => {
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

    /** A new validator and weights that it may commit to, on one subnet as in contract.ts. */
    async function subnet(params: Partial<SubnetParams> = {}) {
      made ??= harness.makeSubnet(HIDDEN)
      const netuid = await made
      await harness.setParams(netuid, { ...HIDDEN, ...params })
      sites += 1
      const validator = testSigner(`hiding validator ${sites} of ${netuid}`)
      const others = [1, 2, 3].map((i) => testSigner(`prover ${i} of hiding ${sites} of ${netuid}`))
      const hotkeys = [validator, ...others].map(({ ss58 }) => ss58)
      await harness.register(netuid, hotkeys)
      await harness.setStake(netuid, validator.ss58, 10_000n * TAO)
      await harness.setPermit(netuid, validator.ss58, true)
      const { neurons } = await chain.metagraph(netuid)
      const [ownUid, ...uids] = hotkeys.map((key) => neurons.find((n) => n.hotkey === key)!.uid)
      const weights = { uids, values: [100, 200, 150], versionKey: 0, salt: [11, 22, 33] }
      return { netuid, validator, others, ownUid: ownUid!, weights }
    }

    type Site = Awaited<ReturnType<typeof subnet>>

    function prepare(site: Site, step: WeightsCall['step'], changes: Partial<WeightsCall> = {}) {
      const { netuid, validator, weights } = site
      return chain.prepareWeights({
        step,
        netuid,
        ...weights,
        signer: validator,
        eraBlocks: 64,
        ...changes,
      })
    }

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

    const act = async (site: Site, step: WeightsCall['step'], changes?: Partial<WeightsCall>) =>
      outcome(await prepare(site, step, changes))

    /** Makes blocks until the next one is this one. */
    async function nextIs(block: number): Promise<void> {
      const { number } = await chain.head()
      assert.ok(block > number, `block ${block} has passed: the head is ${number}`)
      if (block - 1 > number) await harness.advance(block - 1 - number)
    }

    async function pending({ netuid, validator }: Site) {
      return chain.commits(netuid, validator.ss58)
    }

    async function lastUpdate({ netuid, ownUid }: Site): Promise<number> {
      return (await chain.metagraph(netuid)).neurons[ownUid]!.lastUpdate
    }

    /** Commits, and returns what the chain stores of it. Some blocks are left before its window opens. */
    async function commit(site: Site, changes?: Partial<WeightsCall>) {
      const { nextBlock } = await chain.epoch(site.netuid)
      if (nextBlock - (await chain.head()).number < 6) await nextIs(nextBlock + 1)
      assert.equal(await act(site, 'commit', changes), 'ok')
      return (await pending(site)).at(-1)!
    }

    it('says when epochs end', async () => {
      const { netuid } = await subnet()
      const epoch = await chain.epoch(netuid)
      const { number } = await chain.head()
      assert.equal(epoch.tempo, TEMPO)
      assert.ok(epoch.blocksSinceLast >= 0)
      assert.ok(epoch.nextBlock > number && epoch.nextBlock <= number + TEMPO + 1, 'within a tempo')
      await nextIs(epoch.nextBlock + 1)
      assert.equal((await chain.epoch(netuid)).nextBlock, epoch.nextBlock + TEMPO + 1)
      await assert.rejects(chain.epoch(4242), { code: 'SubNetworkDoesNotExist' })
    })

    it('reads the reveal period', async () => {
      const { netuid } = await subnet({ revealPeriodEpochs: 3 })
      const params = await chain.subnetParams(netuid)
      assert.deepEqual([params.commitReveal, params.revealPeriodEpochs], [true, 3])
    })

    for (const revealPeriodEpochs of [1, 2]) {
      it(`stores a commit's hash and its window, ${revealPeriodEpochs} epochs on`, async () => {
        const site = await subnet({ revealPeriodEpochs })
        const prepared = await prepare(site, 'commit')
        const { versionKey, ...weights } = site.weights
        const hotkey = site.validator.ss58
        const hash = commitHash({ hotkey, netuid: site.netuid, ...weights, versionKey })
        assert.equal(prepared.commitHash, hash)
        assert.deepEqual(await pending(site), [])
        const { nextBlock } = await chain.epoch(site.netuid)
        const epochEnd = (block: number) => (block > nextBlock ? nextBlock + TEMPO + 1 : nextBlock)
        assert.equal(await outcome(prepared), 'ok')
        const range = { from: prepared.eraFirst, to: (await chain.finalized()).number }
        const { block } = (await chain.inclusion(prepared.hash, range))!
        const revealFirst = epochEnd(block.number) + 1 + (revealPeriodEpochs - 1) * (TEMPO + 1)
        const window = { revealFirst, revealLast: revealFirst + TEMPO }
        const stored = { hash, block: block.number, ...window, timelocked: false }
        assert.deepEqual(await pending(site), [stored])
        assert.deepEqual(await chain.commits(site.netuid, site.others[0]!.ss58), [])
      })
    }

    it('shows nothing before the reveal and the max-upscaled weights after it', async () => {
      const site = await subnet()
      const { revealFirst, block } = await commit(site)
      assert.deepEqual(await chain.weights(site.netuid, site.ownUid), [])
      assert.equal(await lastUpdate(site), block, 'a commit is an update')
      await nextIs(revealFirst)
      const reveal = await prepare(site, 'reveal')
      assert.equal(reveal.commitHash, null)
      assert.equal(await outcome(reveal), 'ok')
      const { uids, values } = site.weights
      const stored = uids.map((uid, i) => [uid, maxUpscale(values)[i]])
      assert.deepEqual(await chain.weights(site.netuid, site.ownUid), stored)
      assert.deepEqual(await pending(site), [])
      assert.equal(await lastUpdate(site), block, 'a reveal is none')
    })

    it('refuses a reveal one block too early, and takes it in the last block of the window', async () => {
      const site = await subnet()
      const { revealFirst, revealLast } = await commit(site)
      await nextIs(revealFirst - 1)
      assert.equal(await act(site, 'reveal'), 'RevealTooEarly')
      assert.equal((await pending(site)).length, 1, 'the commit is kept')
      await nextIs(revealLast)
      assert.equal(await act(site, 'reveal'), 'ok')
    })

    it('refuses a reveal one block too late', async () => {
      const site = await subnet()
      const { revealLast } = await commit(site)
      await nextIs(revealLast + 1)
      assert.equal(await act(site, 'reveal'), 'ExpiredWeightCommit')
      assert.equal(await act(site, 'reveal', { salt: [1] }), 'NoWeightsCommitFound')
      assert.deepEqual(await chain.weights(site.netuid, site.ownUid), [])
      assert.equal((await pending(site)).length, 1, 'forgotten by the next commit only')
      await commit(site)
      assert.equal((await pending(site)).length, 1)
    })

    const wrongs: [what: string, (site: Site) => Partial<WeightsCall>][] = [
      ['salt', () => ({ salt: [11, 22, 34] })],
      ['version key', () => ({ versionKey: 1 })],
      ['values', () => ({ values: [100, 200, 151] })],
      ['order', ({ weights }) => ({ uids: weights.uids.toReversed() })],
    ]
    it('refuses a reveal that is not what was committed to, and takes the right one after', async () => {
      const site = await subnet()
      await nextIs((await commit(site)).revealFirst)
      for (const [what, wrong] of wrongs) {
        const refused = await act(site, 'reveal', wrong(site))
        assert.equal(refused, 'InvalidRevealCommitHashNotMatch', what)
      }
      assert.equal(await act(site, 'reveal'), 'ok')
    })

    it('takes a reveal once', async () => {
      const site = await subnet()
      await nextIs((await commit(site)).revealFirst)
      assert.equal(await act(site, 'reveal'), 'ok')
      assert.equal(await act(site, 'reveal'), 'NoWeightsCommitFound')
    })

    it('takes a second commit while one is pending; both are revealed in their order', async () => {
      const site = await subnet()
      const second = { values: [1, 2, 3], salt: [9] }
      const { revealFirst } = await commit(site)
      // In the same epoch, or the first would have expired when the second's window opens.
      assert.equal(await act(site, 'commit', second), 'ok')
      assert.deepEqual(
        (await pending(site)).map((each) => each.revealFirst),
        [revealFirst, revealFirst],
      )
      await nextIs(revealFirst)
      assert.equal(await act(site, 'reveal'), 'ok')
      assert.equal(await act(site, 'reveal', second), 'ok')
      assert.deepEqual(
        (await chain.weights(site.netuid, site.ownUid)).map(([, value]) => value),
        maxUpscale(second.values),
      )
    })

    it('drops the commits before the one that is revealed', async () => {
      const site = await subnet()
      const second = { values: [1, 2, 3], salt: [9] }
      const { revealFirst } = await commit(site)
      assert.equal(await act(site, 'commit', second), 'ok')
      await nextIs(revealFirst)
      assert.equal(await act(site, 'reveal', second), 'ok')
      assert.deepEqual(await pending(site), [])
      assert.equal(await act(site, 'reveal'), 'NoWeightsCommitFound')
    })

    it('keeps ten unrevealed commits at most', async () => {
      const site = await subnet({ tempo: 360 })
      for (let i = 0; i < 10; i++) await commit(site, { salt: [i] })
      assert.equal(await act(site, 'commit', { salt: [10] }), 'TooManyUnrevealedCommits')
    })

    it('lets commits wait for the rate limit, and reveals not', async () => {
      const site = await subnet({ weightsRateLimit: 30 })
      assert.equal(await act(site, 'commit'), 'CommittingWeightsTooFast')
      await nextIs((await lastUpdate(site)) + 30)
      const { revealFirst, block } = await commit(site)
      await nextIs(revealFirst)
      assert.equal(await act(site, 'commit'), 'CommittingWeightsTooFast')
      assert.equal(await act(site, 'reveal'), 'ok')
      assert.equal(await lastUpdate(site), block)
    })

    it('checks the weights when they are revealed, and keeps the commit when they are refused', async () => {
      const site = await subnet()
      const { revealFirst } = await commit(site)
      await harness.setParams(site.netuid, { weightsVersionKey: 5 })
      await nextIs(revealFirst)
      assert.equal(await act(site, 'reveal'), 'IncorrectWeightVersionKey')
      assert.equal((await pending(site)).length, 1)
      await harness.setParams(site.netuid, { weightsVersionKey: 0 })
      assert.equal(await act(site, 'reveal'), 'ok')
    })

    it('refuses weights in the open while commit-reveal is on, and the other two while it is off', async () => {
      const site = await subnet()
      assert.equal(await act(site, 'set'), 'CommitRevealEnabled')
      const { revealFirst } = await commit(site)
      await harness.setParams(site.netuid, { commitReveal: false })
      assert.equal(await act(site, 'commit', { salt: [4] }), 'CommitRevealDisabled')
      await nextIs(revealFirst)
      assert.equal(await act(site, 'reveal'), 'CommitRevealDisabled')
      assert.equal(await act(site, 'set', { values: [3, 2, 1] }), 'ok')
      await harness.setParams(site.netuid, { commitReveal: true })
      assert.equal(await act(site, 'reveal'), 'ok', 'the commit was kept')
    })

    it('refuses a stranger and a subnet that is not there', async () => {
      const site = await subnet()
      const by = (signer: Signer) => ({ signer })
      const stranger = by(testSigner('nobody'))
      assert.equal(await act(site, 'commit', stranger), 'HotKeyNotRegisteredInSubNet')
      assert.equal(await act(site, 'reveal', stranger), 'NoWeightsCommitFound')
      const nowhere = { ...by(site.others[0]!), netuid: 4242 }
      assert.equal(await act(site, 'commit', nowhere), 'CommitRevealDisabled')
      await assert.rejects(chain.commits(4242, site.validator.ss58), {
        code: 'SubNetworkDoesNotExist',
      })
    })

    it('refuses a commit and a reveal with too little stake', async () => {
      const site = await subnet()
      const poor = { signer: site.others[0]! }
      await harness.setParams(site.netuid, { minStakeRao: 50n * TAO })
      for (const step of ['commit', 'reveal'] as const) {
        assert.equal(await act(site, step, poor), 'NotEnoughStakeToSetWeights', step)
      }
      await harness.setParams(site.netuid, { minStakeRao: 0n })
    })

    it('refuses a reveal without a validator permit, and takes it when it is back', async function () {
      if (!harness.can.revokePermits) this.skip()
      const site = await subnet()
      const { revealFirst } = await commit(site)
      await harness.setPermit(site.netuid, site.validator.ss58, false)
      await nextIs(revealFirst)
      assert.equal(await act(site, 'reveal'), 'NeuronNoValidatorPermit')
      await harness.setPermit(site.netuid, site.validator.ss58, true)
      assert.equal(await act(site, 'reveal'), 'ok')
    })
  })
}
