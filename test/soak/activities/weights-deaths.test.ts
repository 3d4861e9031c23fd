import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { SubnetParams } from '../../../chain/chain.js'
import { makeVerifier, useChain, type VerifierSite } from '../../activities/verifier-site.js'
import {
  decide,
  dyingAt,
  Killed,
  notarised,
  setWeights,
  standing,
} from '../../activities/weights/scene.js'
import { useDatabase } from '../../support/postgres.js'

const WEIGHTS = [
  [1, 65535],
  [2, 32767],
  [3, 16383],
]
const OPEN = { commitReveal: false }
const HIDDEN = { commitReveal: true, tempo: 10 }
const TIMELOCKED = { ...HIDDEN, timelocked: true }

describe('activities: weights exactly once, wherever the process dies', () => {
  const database = useDatabase()
  const chainHarness = useChain()

  async function scene(params: Partial<SubnetParams>) {
    const site = await makeVerifier(chainHarness(), database().db, { params })
    const notary = notarised(site.deps.chain)
    const it: VerifierSite = { ...site, deps: { ...site.deps, chain: notary.chain } }
    await decide(it, 1, [400, 200, 100])
    return { it, notary }
  }

  /** Dies before each of these effects in turn, some blocks pass each time, and then is left alone. */
  async function live(it: VerifierSite, deaths: readonly { at: number; gap: number }[]) {
    for (const { at, gap } of deaths) {
      try {
        return await setWeights(it, 1, { deps: dyingAt(it.deps, at) })
      } catch (error) {
        if (!(error instanceof Killed)) throw error
      }
      if (gap > 0) await it.harness.advance(gap)
    }
    return setWeights(it, 1)
  }

  /** One set that everybody can see, whatever else was signed on the way there. */
  async function assertOnce({ it, notary }: Awaited<ReturnType<typeof scene>>, hint: string) {
    const held = (await notary.held()).filter(({ outcome }) => outcome === 'ok')
    const shown = held.filter(({ step }) => step !== 'commit')
    assert.equal(shown.length, 1, `${hint}: ${JSON.stringify(held)}`)
    const at = await it.deps.chain.finalized()
    assert.deepEqual(await it.deps.chain.weights(it.netuid, 0, at), WEIGHTS, hint)
    const { kind, state, readBackOk } = await standing(it, 1)
    const done = { kind: 'weights', state: 'confirmed', readBackOk: true }
    assert.deepEqual({ kind, state, readBackOk }, done, hint)
    return held.map(({ step }) => step)
  }

  for (const [name, params, steps] of [
    ['in the open', OPEN, ['set']],
    ['by commit and reveal', HIDDEN, ['commit', 'reveal']],
    ['timelocked', TIMELOCKED, ['timelock']],
  ] as const) {
    it(`${name}: before each effect, once`, async () => {
      // As many as a run has that nobody kills.
      for (let at = 0, killed = true; killed; at++) {
        const here = await scene(params)
        killed = await setWeights(here.it, 1, { deps: dyingAt(here.it.deps, at) }).then(
          () => false,
          (error: unknown) => {
            if (error instanceof Killed) return true
            throw error
          },
        )
        assert.ok(killed || at > 4, 'there are effects to die before')
        const { line } = await setWeights(here.it, 1)
        assert.deepEqual(await assertOnce(here, `killed before effect ${at + 1}`), steps)
        // And again, as a reset does: nothing more.
        assert.deepEqual(await setWeights(here.it, 1), { line })
        assert.deepEqual(await assertOnce(here, 'once more'), steps)
      }
    })

    it(`${name}: again and again, with blocks passing meanwhile`, async () => {
      const death = fc.record({
        at: fc.integer({ min: 0, max: 14 }),
        gap: fc.constantFrom(0, 3, 12, 40),
      })
      const lives = fc.array(death, { minLength: 2, maxLength: 4 })
      await fc.assert(
        fc.asyncProperty(lives, async (deaths) => {
          const here = await scene(params)
          await live(here.it, deaths)
          await assertOnce(here, JSON.stringify(deaths))
        }),
        { numRuns: 5, seed: 20261122 },
      )
    })
  }
})
