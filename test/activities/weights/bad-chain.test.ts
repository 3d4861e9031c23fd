import assert from 'node:assert/strict'
import { createSetWeights } from '../../../activities/weights/set-weights.js'
import type { Chain } from '../../../chain/chain.js'
import { ChainError } from '../../../chain/errors.js'
import { localAdmin } from '../../../chain/local/admin-client.js'
import { extrinsicsOf } from '../../../ledger/intervals/weight-extrinsics.js'
import { useDatabase } from '../../support/postgres.js'
import { chainWith, makeVerifier, run, useChain, type VerifierSite } from '../verifier-site.js'
import { DONE, useHiddenWeights, WEIGHTS } from './hidden-scene.js'
import { blocksFor, decide, Killed, killed, notarised, setWeights, standing } from './scene.js'

const SCORE = 400

describe('activities: weights on a chain that is not as usual', () => {
  const database = useDatabase()
  const chainHarness = useChain()
  const { scene, shown, assertDone, on, dyingBefore, untilCommitted } = useHiddenWeights()

  async function open(params: Parameters<typeof makeVerifier>[2], scores: readonly number[]) {
    const site = await makeVerifier(chainHarness(), database().db, params)
    const notary = notarised(site.deps.chain)
    const it: VerifierSite = { ...site, deps: { ...site.deps, chain: notary.chain } }
    await decide(it, 1, scores)
    return { it, notary }
  }

  it('weights of one entry: set where the subnet allows a weight to be everything, else said', async () => {
    const one = await open({ provers: 1 }, [SCORE])
    await setWeights(one.it, 1)
    assert.deepEqual(await shown(one.it), [[1, 65535]])
    for (const [limit, scores] of [
      [32_767, [SCORE]],
      [1, [SCORE, SCORE, SCORE]],
    ] as const) {
      const params = { provers: scores.length, params: { maxWeightLimit: limit } }
      const limited = await open(params, scores)
      const { line } = await setWeights(limited.it, 1)
      assert.equal(line, 'infeasible: weights_infeasible', `a limit of ${limit}`)
      assert.deepEqual(await limited.notary.held(), [], 'nothing was signed')
    }
  })

  it('503 for ten minutes, in each way: every attempt fails as one that is worth another, and it ends once', async () => {
    for (const params of [{ commitReveal: false }, {}, { timelocked: true }]) {
      const { it, held } = await scene(params)
      let away = false
      const down = new Proxy(it.deps.chain, {
        get(target, name) {
          const value = Reflect.get(target, name, target)
          if (typeof value !== 'function') return value
          return (...given: unknown[]) => {
            const message = 'none of the 2 endpoints of finney can be used: HTTP 503; HTTP 503'
            if (away) throw new ChainError('chain_unreachable', message, { retryable: true })
            return Reflect.apply(value, target, given)
          }
        },
      }) as Chain
      const goes = (reached: () => boolean) =>
        chainWith(down, {
          submit: async (prepared) => {
            await it.deps.chain.submit(prepared)
            away = reached()
          },
        })
      // It goes away right after the bytes were taken.
      const chain = goes(() => true)
      for (let attempt = 0; attempt < 5; attempt++) {
        await assert.rejects(setWeights(it, 1, { deps: { chain } }), {
          code: 'chain_unreachable',
          retryable: true,
        })
      }
      away = false
      await setWeights(it, 1)
      const ways = JSON.stringify(params)
      assert.deepEqual(await shown(it), WEIGHTS, ways)
      const effects = (await held()).filter((one) => one !== 'reveal ok')
      assert.equal(effects.length, 1, ways)
      const { kind, state, readBackOk } = await standing(it, 1)
      assert.deepEqual({ kind, state, readBackOk }, DONE, ways)
    }
  })

  /** Dies before it sends what it has stored. */
  const untilStored = (it: VerifierSite) =>
    assert.rejects(setWeights(it, 1, { deps: on(it, { submit: async () => killed() }) }), Killed)

  /** Dies when the commit is in a final block. */
  async function untilTimelocked(it: VerifierSite): Promise<void> {
    const dies = on(it, {
      commits: async (...given) =>
        (await standing(it, 1)).state === 'committed' ? killed() : it.deps.chain.commits(...given),
    })
    await assert.rejects(setWeights(it, 1, { deps: dies }), Killed)
  }

  for (const [way, params, reach] of [
    ['before anything is signed', {}, async () => undefined],
    ['while weights wait for their block', { commitReveal: false }, untilStored],
    ['while a commit waits for its reveal', {}, untilCommitted],
    ['while a timelocked commit waits', { timelocked: true }, untilTimelocked],
  ] as const) {
    it(`the subnet is dissolved ${way}: by name, with what to check, and nothing is signed for it`, async () => {
      const { it, held } = await scene(params)
      const gone = async () => {
        throw new ChainError('SubNetworkDoesNotExist', `there is no subnet ${it.netuid}`)
      }
      await reach(it)
      const before = await held()
      const deps = on(it, { metagraph: gone, subnetParams: gone, commits: gone, weights: gone })
      await assert.rejects(setWeights(it, 1, { deps }), {
        code: 'SubNetworkDoesNotExist',
        retryable: false,
        hint: 'Check --netuid and --subtensor.network.',
      })
      assert.deepEqual(await held(), before)
    })
  }

  it('an epoch that is deferred: a line says what is waited for, and nothing is sent again', async () => {
    const { it, held } = await scene({ timelocked: true })
    const { netuid } = it
    const { chain } = it.deps
    // The local chain's epochs come by block number; for as long it shows the commit as a deferred one stands.
    await localAdmin(chain.endpoint).call({ name: 'setParams', netuid, params: { roundLag: 6 } })
    const deferred = on(it, {
      commits: async (...given) => {
        const { number } = given[2] ?? (await chain.head())
        return (await chain.commits(...given)).map((commit) =>
          number < commit.revealFirst
            ? commit
            : { ...commit, revealFirst: number + 1, revealLast: number + 10 },
        )
      },
    })
    const beats: string[] = []
    const advance = blocksFor(it)
    const onBeat = async (details: string) => {
      beats.push(details)
      await advance(details)
    }
    const { line } = await run(createSetWeights({ ...it.deps, ...deferred }), { n: 1 }, { onBeat })
    assert.match(line, /^committed in block \d+, revealed by the chain in block \d+ for 3 provers$/)
    const waited = beats.flatMap((beat) => /reveal waits for block (\d+)/.exec(beat)?.[1] ?? [])
    assert.ok(new Set(waited).size > 2, `deferred again and again: ${waited}`)
    assert.deepEqual(await held(), ['timelock ok'])
    await assertDone(it, 1, ['ok'])
  })

  it('a version key that rises while weights wait for their block: refused by name, with what to do', async () => {
    const { it, held } = await scene({ commitReveal: false })
    let raised = false
    const rises = on(it, {
      submit: async (prepared) => {
        await it.deps.chain.submit(prepared)
        if (!raised) await it.harness.setParams(it.netuid, { weightsVersionKey: 2 })
        raised = true
      },
    })
    const refused = {
      code: 'IncorrectWeightVersionKey',
      retryable: false,
      hint: /^[Uu]pdate Fractal/,
    }
    await assert.rejects(setWeights(it, 1, { deps: rises }), refused)
    // Now it is known before anything is signed.
    await assert.rejects(setWeights(it, 1), refused)
    await it.harness.setParams(it.netuid, { weightsVersionKey: 1 })
    await setWeights(it, 1)
    assert.deepEqual(await held(), ['set IncorrectWeightVersionKey', 'set ok'])
    await assertDone(it, 1, ['IncorrectWeightVersionKey', 'ok'])
  })

  it('a round that the chain knows by now: the era passes, and a later one is signed', async () => {
    const { it, held } = await scene({ timelocked: true })
    const hashes = new Set<string>()
    const late = on(it, {
      submit: async (prepared) => {
        hashes.add(prepared.hash)
        if (hashes.size > 1) return it.deps.chain.submit(prepared)
        throw new ChainError('InvalidRevealRound', 'the round is out')
      },
    })
    await setWeights(it, 1, { deps: late, blocks: 20 })
    assert.deepEqual(await held(), ['timelock ok'])
    const sent = await extrinsicsOf(it.deps.db, it.deps.id, 1)
    const results = sent.map(({ result }) => result)
    // On a busy machine the second one may miss its blocks too.
    assert.deepEqual([...new Set(results)], ['expired', 'ok'])
    await assertDone(it, 1, results)
  })

  it('whatever is signed can be in a block for sixteen blocks, and no longer', async () => {
    for (const params of [{ commitReveal: false }, {}, { timelocked: true }]) {
      const { it } = await scene(params)
      await setWeights(it, 1)
      const sent = await extrinsicsOf(it.deps.db, it.deps.id, 1)
      assert.ok(sent.length > 0)
      for (const { step, eraFirst, eraLast } of sent) assert.equal(eraLast - eraFirst + 1, 16, step)
    }
  })

  it('too little stake is said before anything is signed: of a timelocked commit the chain would not say it', async () => {
    const { it, held } = await scene({ timelocked: true })
    await it.harness.setParams(it.netuid, { minStakeRao: 10n ** 18n })
    await assert.rejects(setWeights(it, 1), {
      code: 'NotEnoughStakeToSetWeights',
      message: /has too little stake for weights on subnet \d+: \d+ of 1000000000000000000 rao$/,
    })
    assert.deepEqual(await held(), [])
    await it.harness.setParams(it.netuid, { ownerHotkey: it.signer.ss58 })
    await setWeights(it, 1)
    assert.deepEqual(await shown(it), WEIGHTS, 'an owner needs none')
  })

  it('commit-reveal switched on and off between plan and weights: the way that is asked for in the end', async () => {
    const { it, held } = await scene({ commitReveal: false })
    await it.harness.setParams(it.netuid, { commitReveal: true, timelocked: true })
    await assert.rejects(setWeights(it, 1, { deps: dyingBefore(it, 'timelock') }), Killed)
    await it.harness.setParams(it.netuid, { commitReveal: false })
    await setWeights(it, 1)
    assert.deepEqual(await held(), ['set ok'])
    assert.deepEqual(await shown(it), WEIGHTS)
  })

  it('a shorter tempo while a timelocked commit waits: revealed, or committed anew', async () => {
    const { it, held } = await scene({ timelocked: true, tempo: 45 })
    await untilTimelocked(it)
    await it.harness.setParams(it.netuid, { tempo: 10 })
    await setWeights(it, 1)
    assert.deepEqual(await shown(it), WEIGHTS)
    assert.ok((await held()).every((one) => one === 'timelock ok'))
  })
})
