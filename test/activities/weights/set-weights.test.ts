import assert from 'node:assert/strict'
import type { VerifierDeps } from '../../../activities/verifier-deps.js'
import { createSetWeights } from '../../../activities/weights/set-weights.js'
import type { Chain } from '../../../chain/chain.js'
import {
  acquireLease,
  putBaselineLastUpdate,
  releaseLease,
} from '../../../ledger/intervals/lease.js'
import { extrinsicsOf } from '../../../ledger/intervals/weight-extrinsics.js'
import { weightSet } from '../../../ledger/intervals/weights.js'
import { useDatabase } from '../../support/postgres.js'
import { chainWith, makeVerifier, run, useChain, type VerifierSite } from '../verifier-site.js'
import { blocksFor, decide, Killed, killed, standing } from './scene.js'

describe('activities: weights exactly once', () => {
  const database = useDatabase()
  const chainHarness = useChain()

  async function site(params: { weightsRateLimit?: number } = {}): Promise<VerifierSite> {
    return makeVerifier(chainHarness(), database().db, { params })
  }

  /**
   * The activity in a process of its own, while the chain makes blocks whenever it waits for one.
   * @param blocks at its first wait; later a few, so that what it signs anew has its whole era however slow the machine is
   */
  function setWeights(
    { deps, harness }: VerifierSite,
    n: number,
    { changes = {}, blocks = 3 }: { changes?: Partial<Chain>; blocks?: number } = {},
  ): Promise<{ line: string }> {
    const process = createSetWeights({ ...deps, chain: chainWith(deps.chain, changes) })
    let next = blocks
    const onBeat = async (details: string) => {
      if (!/^(sent|rate limit)/.test(details) || next === 0) return
      const count = next
      next = Math.min(next, 3)
      await harness.advance(count)
    }
    return run(process, { n }, { onBeat })
  }

  /** What the chain has of the verifier's, whatever the ledger thinks. */
  async function onChain({ deps, netuid, signer }: VerifierSite) {
    const next = {
      step: 'set' as const,
      netuid,
      uids: [],
      values: [],
      versionKey: 0,
      signer,
      eraBlocks: 4,
    }
    const { nonce } = await deps.chain.prepareWeights(next)
    const at = await deps.chain.finalized()
    return { included: nonce, weights: await deps.chain.weights(netuid, 0, at) }
  }

  const DONE = { kind: 'weights', state: 'confirmed', readBackOk: true, results: ['ok'] }
  const WEIGHTS = [
    [1, 65535],
    [2, 32767],
    [3, 16383],
  ]
  const SCORES = [400, 200, 100]

  /** Where a process dies: a call of the chain, before it or after. */
  const deaths: [where: string, (chain: Chain) => Partial<Chain>][] = [
    [
      'after signing, before anything is stored',
      (chain) => ({ prepareWeights: (call) => chain.prepareWeights(call).then(killed) }),
    ],
    ['after the extrinsic is stored, before it is sent', () => ({ submit: async () => killed() })],
    [
      'after it is sent, before that is noted',
      (chain) => ({ submit: (prepared) => chain.submit(prepared).then(killed) }),
    ],
    [
      'after its inclusion, before that is noted',
      (chain) => ({
        inclusion: async (hash, range) => {
          const found = await chain.inclusion(hash, range)
          return found === null ? null : killed()
        },
      }),
    ],
    [
      'after the inclusion is noted, before it is read back',
      () => ({ blockAt: async () => killed() }),
    ],
    [
      'after it is read back, before that is noted',
      (chain) => ({ weights: (...at) => chain.weights(...at).then(killed) }),
    ],
  ]
  for (const [where, changes] of deaths) {
    it(`a process killed ${where}`, async () => {
      const it = await site()
      await decide(it, 1, SCORES)
      const { chain } = it.deps
      await assert.rejects(setWeights(it, 1, { changes: changes(chain) }), Killed)
      // Killed once more at the same place, then left alone.
      await assert.rejects(setWeights(it, 1, { changes: changes(chain) }), Killed)
      const { line } = await setWeights(it, 1)
      assert.match(line, /^set in block \d+ for 3 provers$/)
      assert.deepEqual(await onChain(it), { included: 1, weights: WEIGHTS })
      assert.deepEqual(await standing(it, 1), DONE)
      // And again, as a reset does: nothing more.
      assert.deepEqual(await setWeights(it, 1), { line })
      assert.equal((await onChain(it)).included, 1)
    })
  }

  it('sent, taken by the pool, and lost with it: the same bytes again', async () => {
    const it = await site()
    await decide(it, 1, SCORES)
    const sent: string[] = []
    const lossy: Partial<Chain> = {
      submit: async (prepared) => {
        sent.push(prepared.hash)
        if (sent.length > 2) await it.deps.chain.submit(prepared)
      },
    }
    await setWeights(it, 1, { changes: lossy })
    assert.equal(new Set(sent).size, 1)
    assert.deepEqual(await onChain(it), { included: 1, weights: WEIGHTS })
    assert.deepEqual(await standing(it, 1), DONE)
  })

  it('an era that passed without inclusion: a new one is signed', async () => {
    const it = await site()
    await decide(it, 1, SCORES)
    const hashes = new Set<string>()
    const lossy: Partial<Chain> = {
      submit: async (prepared) => {
        hashes.add(prepared.hash)
        if (hashes.size > 1) await it.deps.chain.submit(prepared)
      },
    }
    await setWeights(it, 1, { changes: lossy, blocks: 30 })
    assert.deepEqual(await onChain(it), { included: 1, weights: WEIGHTS })
    assert.deepEqual(await standing(it, 1), { ...DONE, results: ['expired', 'ok'] })
  })

  it('an inclusion in the last block of the era is found when the era has passed', async () => {
    const it = await site()
    await decide(it, 1, SCORES)
    let held = true
    const slow: Partial<Chain> = {
      submit: async (prepared) => {
        const head = (await it.deps.chain.head()).number
        if (held && head === prepared.eraLast - 1) {
          await it.deps.chain.submit(prepared)
          held = false
          await it.harness.advance(10)
          killed()
        }
        if (head < prepared.eraLast - 1) await it.harness.advance(prepared.eraLast - 1 - head)
        if (!held) await it.deps.chain.submit(prepared)
      },
    }
    await assert.rejects(setWeights(it, 1, { changes: slow, blocks: 0 }), Killed)
    await setWeights(it, 1)
    assert.deepEqual(await onChain(it), { included: 1, weights: WEIGHTS })
    assert.deepEqual(await standing(it, 1), DONE)
  })

  it('a rate limit is waited out', async () => {
    const it = await site({ weightsRateLimit: 25 })
    await decide(it, 1, SCORES)
    const registered = (await it.deps.chain.metagraph(it.netuid)).neurons[0]!.lastUpdate
    const beats: string[] = []
    await run(
      createSetWeights(it.deps),
      { n: 1 },
      {
        onBeat: async (details) => {
          beats.push(details.replace(/:.*|;.*/, ''))
          if (!details.startsWith('waiting')) await it.harness.advance(5)
        },
      },
    )
    assert.ok(beats.includes('rate limit'))
    const { includedBlock } = (await weightSet(it.deps.db, it.deps.id, 1))!
    assert.ok(includedBlock! > registered + 25)
    assert.deepEqual(await standing(it, 1), DONE)
  })

  it('when a rate limit ends the newest go, and older ones are superseded', async () => {
    const it = await site({ weightsRateLimit: 40 })
    await decide(it, 1, [100, 0, 0])
    let waited = 0
    const onBeat = async (details: string) => {
      if (!/^(sent|rate limit)/.test(details)) return
      waited += 1
      // The next interval settles while this one waits.
      if (waited === 3) await decide(it, 2, SCORES)
      await it.harness.advance(3)
    }
    const { line } = await run(createSetWeights(it.deps), { n: 1 }, { onBeat })
    assert.equal(line, 'superseded: replaced by the weights of a later interval')
    await setWeights(it, 2)
    assert.deepEqual(await onChain(it), { included: 1, weights: WEIGHTS })
  })

  it('SettingWeightsTooFast in a block is waited out and signed again', async () => {
    const it = await site()
    await decide(it, 1, SCORES)
    let raised = false
    const changes: Partial<Chain> = {
      submit: async (prepared) => {
        await it.deps.chain.submit(prepared)
        // The owner raises the limit while it waits in the pool; the block refuses it.
        if (!raised) await it.harness.setParams(it.netuid, { weightsRateLimit: 30 })
        raised = true
      },
    }
    await setWeights(it, 1, { changes, blocks: 5 })
    assert.deepEqual(await standing(it, 1), { ...DONE, results: ['SettingWeightsTooFast', 'ok'] })
    assert.deepEqual(await onChain(it), { included: 2, weights: WEIGHTS })
  })

  it('stops when another process sets weights with this hotkey', async () => {
    const it = await site()
    await decide(it, 1, SCORES)
    const { deps, netuid, signer } = it
    const call = {
      step: 'set' as const,
      netuid,
      uids: [1],
      values: [7],
      versionKey: 1,
      signer,
      eraBlocks: 64,
    }
    await deps.chain.submit(await deps.chain.prepareWeights(call))
    await it.harness.advance(3)
    await assert.rejects(setWeights(it, 1), { code: 'another_process_sets_weights' })
    assert.deepEqual(await standing(it, 1), {
      kind: 'weights',
      state: 'decided',
      readBackOk: null,
      results: [],
    })
    assert.deepEqual(await onChain(it), { included: 1, weights: [[1, 65535]] })
  })

  it('an earlier interval’s own extrinsic, included and not noted, is no other process', async () => {
    const it = await site()
    await decide(it, 1, [100, 0, 0])
    const { chain } = it.deps
    const changes: Partial<Chain> = { submit: (prepared) => chain.submit(prepared).then(killed) }
    await assert.rejects(setWeights(it, 1, { changes }), Killed)
    await it.harness.advance(4)
    assert.deepEqual((await standing(it, 1)).results, [null])
    await decide(it, 2, SCORES)
    await setWeights(it, 2)
    assert.deepEqual(await standing(it, 2), DONE)
    assert.deepEqual((await standing(it, 1)).results, ['ok'])
    // The earlier one's own try ends well, and sends nothing.
    await setWeights(it, 1)
    assert.deepEqual(await onChain(it), { included: 2, weights: WEIGHTS })
  })

  it('weights only move forward: superseded when a later interval’s were sent', async () => {
    const it = await site()
    await decide(it, 1, [100, 0, 0])
    await decide(it, 2, SCORES)
    await setWeights(it, 2)
    const { line } = await setWeights(it, 1)
    assert.match(line, /^superseded/)
    assert.deepEqual(await onChain(it), { included: 1, weights: WEIGHTS })
    const { kind, state, results } = await standing(it, 1)
    assert.deepEqual({ kind, state, results }, { kind: 'superseded', state: 'done', results: [] })
  })

  it('stored bytes of an earlier interval can’t come after those of a later one', async () => {
    const it = await site()
    await decide(it, 1, [100, 0, 0])
    await assert.rejects(setWeights(it, 1, { changes: { submit: async () => killed() } }), Killed)
    await decide(it, 2, SCORES)
    await setWeights(it, 2)
    // Its nonce is used: refused until the era has passed, and then it is too old.
    const { line } = await setWeights(it, 1, { blocks: 30 })
    assert.match(line, /^superseded/)
    assert.deepEqual((await standing(it, 1)).results, ['expired'])
    assert.deepEqual(await onChain(it), { included: 1, weights: WEIGHTS })
  })

  it('of two stored with one nonce both get there, the later one last', async () => {
    const it = await site()
    const unsent: Partial<Chain> = { submit: async () => killed() }
    await decide(it, 1, [100, 0, 0])
    await assert.rejects(setWeights(it, 1, { changes: unsent }), Killed)
    await decide(it, 2, SCORES)
    await assert.rejects(setWeights(it, 2, { changes: unsent }), Killed)
    await setWeights(it, 1)
    await setWeights(it, 2, { blocks: 30 })
    assert.deepEqual(await standing(it, 1), DONE)
    assert.deepEqual(await standing(it, 2), { ...DONE, results: ['expired', 'ok'] })
    assert.deepEqual(await onChain(it), { included: 2, weights: WEIGHTS })
  })

  it('two concurrent intervals in one process: one after the other', async () => {
    const it = await site()
    await decide(it, 1, [100, 0, 0])
    await assert.rejects(setWeights(it, 1, { changes: { submit: async () => killed() } }), Killed)
    await decide(it, 2, SCORES)
    const both = createSetWeights(it.deps)
    const onBeat = async (details: string) => {
      if (details.startsWith('sent')) await it.harness.advance(3)
    }
    await Promise.all([run(both, { n: 1 }, { onBeat }), run(both, { n: 2 }, { onBeat })])
    assert.deepEqual(await standing(it, 1), DONE)
    assert.deepEqual(await standing(it, 2), DONE)
    assert.deepEqual(await onChain(it), { included: 2, weights: WEIGHTS })
  })

  /** Brings interval 1 to a stage at which the lease is lost. */
  const stages: [stage: string, (it: VerifierSite) => Promise<unknown>][] = [
    ['before anything is signed', async () => {}],
    [
      'with stored bytes that were never sent',
      (it) => assert.rejects(setWeights(it, 1, { changes: { submit: async () => killed() } })),
    ],
    [
      'with an inclusion that was not noted',
      async (it) => {
        const { chain } = it.deps
        const changes: Partial<Chain> = { submit: (call) => chain.submit(call).then(killed) }
        await assert.rejects(setWeights(it, 1, { changes }))
        await it.harness.advance(3)
      },
    ],
    [
      'with an inclusion that was not read back',
      (it) => assert.rejects(setWeights(it, 1, { changes: { blockAt: async () => killed() } })),
    ],
    [
      'when a later interval’s were sent',
      async (it) => {
        await decide(it, 2, [1, 0, 0])
        await setWeights(it, 2)
      },
    ],
  ]
  for (const [stage, reach] of stages) {
    it(`without the lease nothing is written or sent: lost ${stage}`, async () => {
      const it = await site()
      await decide(it, 1, SCORES)
      await reach(it)
      const { db, id } = it.deps
      const all = async () => ({
        set: await weightSet(db, id, 1),
        extrinsics: await extrinsicsOf(db, id, 1),
        chain: await onChain(it),
      })
      const before = await all()
      await releaseLease(db, id, 'this test', it.deps.fence())
      await acquireLease(db, id, 'another holder')
      await assert.rejects(setWeights(it, 1), { code: 'lease_lost' })
      await it.harness.advance(3)
      assert.deepEqual(await all(), before)
    })
  }

  it('the new lease holder continues with what the old one sent', async () => {
    const it = await site()
    await decide(it, 1, SCORES)
    const { chain, db, id } = it.deps
    const changes: Partial<Chain> = { submit: (prepared) => chain.submit(prepared).then(killed) }
    await assert.rejects(setWeights(it, 1, { changes }), Killed)
    await it.harness.advance(3)
    await releaseLease(db, id, 'this test', it.deps.fence())
    const lease = await acquireLease(db, id, 'another holder')
    assert.ok('fence' in lease)
    const { neurons } = await chain.metagraph(it.netuid)
    await putBaselineLastUpdate(db, id, neurons[0]!.lastUpdate)
    const deps: VerifierDeps = { ...it.deps, fence: () => lease.fence }
    await setWeights({ ...it, deps }, 1)
    assert.deepEqual(await onChain(it), { included: 1, weights: WEIGHTS })
    assert.deepEqual(await standing(it, 1), DONE)
  })

  it('a uid that changed hands after they were signed gets nothing: those bytes are not sent', async () => {
    const it = await site()
    await decide(it, 1, SCORES)
    await assert.rejects(setWeights(it, 1, { changes: { submit: async () => killed() } }), Killed)
    const { chain } = it.deps
    const sent: string[] = []
    const changes: Partial<Chain> = {
      metagraph: async (...at) => {
        const graph = await chain.metagraph(...at)
        const neurons = graph.neurons.map((neuron) =>
          neuron.uid === 1 ? { ...neuron, hotkey: 'somebody else' } : neuron,
        )
        return { ...graph, neurons }
      },
      submit: async (prepared) => {
        sent.push(prepared.hash)
        await chain.submit(prepared)
      },
    }
    await run(
      createSetWeights({ ...it.deps, chain: chainWith(chain, changes) }),
      { n: 1 },
      { onBeat: blocksFor(it) },
    )
    assert.deepEqual((await standing(it, 1)).results, ['expired', 'ok'])
    assert.equal(new Set(sent).size, 1)
    assert.deepEqual((await onChain(it)).weights, [
      [2, 65535],
      [3, 32767],
    ])
  })

  it('the subnet’s owner needs no permit and no stake', async () => {
    const it = await site()
    const { harness, netuid, signer } = it
    await harness.setPermit(netuid, signer.ss58, false)
    await harness.setParams(netuid, { minStakeRao: 10n ** 16n })
    await decide(it, 1, SCORES)
    await assert.rejects(setWeights(it, 1), { code: 'NeuronNoValidatorPermit' })
    await harness.setParams(netuid, { ownerHotkey: signer.ss58 })
    await setWeights(it, 1)
    assert.deepEqual(await onChain(it), { included: 1, weights: WEIGHTS })
  })

  it('a uid that changed hands before sending gets nothing', async () => {
    const it = await site()
    await decide(it, 1, SCORES)
    const { chain } = it.deps
    const changed: Partial<Chain> = {
      metagraph: async (...at) => {
        const graph = await chain.metagraph(...at)
        const neurons = graph.neurons.map((neuron) =>
          neuron.uid === 1 ? { ...neuron, hotkey: 'somebody else' } : neuron,
        )
        return { ...graph, neurons }
      },
    }
    await setWeights(it, 1, { changes: changed })
    assert.deepEqual((await onChain(it)).weights, [
      [2, 65535],
      [3, 32767],
    ])
  })
})
