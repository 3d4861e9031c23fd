import assert from 'node:assert/strict'
import type { VerifierDeps } from '../../../activities/verifier-deps.js'
import { createSetWeights } from '../../../activities/weights/set-weights.js'
import type { Chain, SubnetParams, WeightsStep } from '../../../chain/chain.js'
import { weightSet } from '../../../ledger/intervals/weights.js'
import { useDatabase } from '../../support/postgres.js'
import { chainWith, makeVerifier, run, useChain, type VerifierSite } from '../verifier-site.js'
import { blocksFor, decide, Killed, killed, notarised, setWeights, standing } from './scene.js'

export const SCORES = [400, 200, 100]
export const WEIGHTS = [
  [1, 65535],
  [2, 32767],
  [3, 16383],
]
export const DONE = { kind: 'weights', state: 'confirmed', readBackOk: true }

/** Gives the surrounding suite scenes of subnets that take weights by commit and reveal. */
export function useHiddenWeights() {
  const database = useDatabase()
  const chainHarness = useChain()

  async function scene(params: Partial<SubnetParams> = {}) {
    const hidden = { commitReveal: true, tempo: 10, ...params }
    const site = await makeVerifier(chainHarness(), database().db, { params: hidden })
    const notary = notarised(site.deps.chain)
    const it: VerifierSite = { ...site, deps: { ...site.deps, chain: notary.chain } }
    await decide(it, 1, SCORES)
    const held = async () => (await notary.held()).map(({ step, outcome }) => `${step} ${outcome}`)
    return { it, held }
  }

  /** What everybody sees. */
  async function shown({ deps, netuid }: VerifierSite) {
    return deps.chain.weights(netuid, 0, await deps.chain.finalized())
  }

  async function assertDone(it: VerifierSite, n: number, results: (string | null)[]) {
    assert.deepEqual(await standing(it, n), { ...DONE, results })
    assert.deepEqual(await shown(it), WEIGHTS)
  }

  const on = (it: VerifierSite, changes: Partial<Chain>): Partial<VerifierDeps> => ({
    chain: chainWith(it.deps.chain, changes),
  })

  /** A newcomer has this uid, as the chain has it from now on. */
  const taken = (it: VerifierSite, uid: number) =>
    on(it, {
      metagraph: async (...at) => {
        const graph = await it.deps.chain.metagraph(...at)
        const neurons = graph.neurons.map((n) => (n.uid === uid ? { ...n, hotkey: 'new' } : n))
        return { ...graph, neurons }
      },
    })

  /** Dies when it is about to sign this. */
  const dyingBefore = (it: VerifierSite, step: WeightsStep) =>
    on(it, {
      prepareWeights: async (call) =>
        call.step === step ? killed() : it.deps.chain.prepareWeights(call),
    })

  async function untilCommitted(it: VerifierSite, n = 1) {
    await assert.rejects(setWeights(it, n, { deps: dyingBefore(it, 'reveal') }), Killed)
    const set = (await weightSet(it.deps.db, it.deps.id, n))!
    assert.equal(set.state, 'committed')
    return set
  }

  async function advanceTo({ harness, deps }: VerifierSite, block: number) {
    const missing = block - (await deps.chain.head()).number
    if (missing > 0) await harness.advance(missing)
  }
  /** Committed, without waiting for the window. */
  async function untilSent(it: VerifierSite, n: number): Promise<void> {
    const advance = blocksFor(it)
    const dies = on(it, {
      subnetParams: async (...at) => {
        const set = await weightSet(it.deps.db, it.deps.id, n)
        return set!.state === 'committed' ? killed() : it.deps.chain.subnetParams(...at)
      },
    })
    const process = createSetWeights({ ...it.deps, ...dies })
    await assert.rejects(run(process, { n }, { onBeat: advance }), Killed)
  }

  return { scene, shown, assertDone, on, taken, dyingBefore, untilCommitted, untilSent, advanceTo }
}
