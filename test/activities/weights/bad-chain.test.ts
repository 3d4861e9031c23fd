import assert from 'node:assert/strict'
import type { Chain } from '../../../chain/chain.js'
import { ChainError } from '../../../chain/errors.js'
import { useDatabase } from '../../support/postgres.js'
import { chainWith, makeVerifier, useChain, type VerifierSite } from '../verifier-site.js'
import { DONE, useHiddenWeights, WEIGHTS } from './hidden-scene.js'
import { decide, Killed, killed, notarised, setWeights, standing } from './scene.js'

const SCORE = 400

describe('activities: weights on a chain that is not as usual', () => {
  const database = useDatabase()
  const chainHarness = useChain()
  const { scene, shown, dyingBefore } = useHiddenWeights()

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
    const limited = await open({ provers: 1, params: { maxWeightLimit: 32_767 } }, [SCORE])
    const { line } = await setWeights(limited.it, 1)
    assert.equal(line, 'infeasible: weights_infeasible')
    assert.deepEqual(await limited.notary.held(), [], 'nothing was signed')
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

  for (const [way, params] of [
    ['before anything is signed', {}],
    ['while a timelocked commit waits', { timelocked: true }],
  ] as const) {
    it(`the subnet is dissolved ${way}: by name, with what to check, and nothing is signed for it`, async () => {
      const { it, held } = await scene(params)
      const gone = async () => {
        throw new ChainError('SubNetworkDoesNotExist', `there is no subnet ${it.netuid}`)
      }
      if ('timelocked' in params) {
        const committed = async () => (await standing(it, 1)).state === 'committed'
        const dies: Partial<Chain> = {
          commits: async (...given) =>
            (await committed()) ? killed() : it.deps.chain.commits(...given),
        }
        const chain = chainWith(it.deps.chain, dies)
        await assert.rejects(setWeights(it, 1, { deps: { chain } }), Killed)
      }
      const before = await held()
      const changes = { metagraph: gone, subnetParams: gone, commits: gone, weights: gone }
      const chain = chainWith(it.deps.chain, changes)
      await assert.rejects(setWeights(it, 1, { deps: { chain } }), {
        code: 'SubNetworkDoesNotExist',
        retryable: false,
        hint: 'Check --netuid and --subtensor.network.',
      })
      assert.deepEqual(await held(), before)
    })
  }

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
    const dies: Partial<Chain> = {
      commits: async (...given) =>
        (await standing(it, 1)).state === 'committed' ? killed() : it.deps.chain.commits(...given),
    }
    const chain = chainWith(it.deps.chain, dies)
    await assert.rejects(setWeights(it, 1, { deps: { chain } }), Killed)
    await it.harness.setParams(it.netuid, { tempo: 10 })
    await setWeights(it, 1)
    assert.deepEqual(await shown(it), WEIGHTS)
    assert.ok((await held()).every((one) => one === 'timelock ok'))
  })
})
