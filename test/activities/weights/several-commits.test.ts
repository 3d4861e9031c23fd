import assert from 'node:assert/strict'
import { createSetWeights } from '../../../activities/weights/set-weights.js'
import { acquireLease, releaseLease } from '../../../ledger/intervals/lease.js'
import { extrinsicsOf } from '../../../ledger/intervals/weight-extrinsics.js'
import { weightSet } from '../../../ledger/intervals/weights.js'
import { run, type VerifierSite } from '../verifier-site.js'
import { DONE, SCORES, useHiddenWeights } from './hidden-scene.js'
import { blocksFor, decide, Killed, killed, setWeights, standing } from './scene.js'

describe('activities: weights by commit and reveal, several and interrupted', () => {
  const { scene, shown, on, untilCommitted, untilSent, advanceTo } = useHiddenWeights()

  describe('several intervals', () => {
    it('with commits that wait concurrently are each revealed in its own window', async () => {
      const { it, held } = await scene({ revealPeriodEpochs: 2 })
      await untilSent(it, 1)
      await decide(it, 2, [0, 0, 100])
      await advanceTo(it, (await it.deps.chain.epoch(it.netuid)).nextBlock)
      await untilSent(it, 2)
      assert.equal((await it.deps.chain.commits(it.netuid, it.signer.ss58)).length, 2)
      const both = createSetWeights(it.deps)
      const advance = blocksFor(it)
      let first = true
      const one = run(both, { n: 1 }, { onBeat: advance }).finally(() => {
        first = false
      })
      const onBeat = async (details: string) => (first ? undefined : advance(details))
      await Promise.all([one, run(both, { n: 2 }, { onBeat })])
      assert.deepEqual(await held(), ['commit ok', 'commit ok', 'reveal ok', 'reveal ok'])
      for (const n of [1, 2]) {
        assert.deepEqual(await standing(it, n), { ...DONE, results: ['ok', 'ok'] }, `interval ${n}`)
      }
      const blocks = await Promise.all(
        [1, 2].map(async (n) => (await weightSet(it.deps.db, it.deps.id, n))!.includedBlock!),
      )
      assert.ok(blocks[0]! < blocks[1]!, `revealed in ${blocks}`)
      assert.deepEqual(await shown(it), [[3, 65535]])
    })

    it('an earlier one is given up once a later one is revealed', async () => {
      const { it, held } = await scene({ tempo: 30 })
      await untilCommitted(it)
      await decide(it, 2, [0, 0, 100])
      await setWeights(it, 2)
      const { line } = await setWeights(it, 1)
      assert.match(line, /^superseded: .* stays unrevealed$/)
      assert.deepEqual(await held(), ['commit ok', 'commit ok', 'reveal ok'])
      assert.deepEqual(await shown(it), [[3, 65535]])
    })

    it('the eleventh commit waits for a reveal', async () => {
      const { it } = await scene({ tempo: 360 })
      for (let n = 1; n <= 10; n++) {
        if (n > 1) await decide(it, n, SCORES)
        await untilSent(it, n)
      }
      await decide(it, 11, SCORES)
      const waited: string[] = []
      const giveUp = new Error('it waits')
      const stopped = on(it, {
        prepareWeights: async (call) => {
          if (call.step === 'commit') throw giveUp
          return it.deps.chain.prepareWeights(call)
        },
      })
      const advance = blocksFor(it)
      const onBeat = async (details: string) => {
        waited.push(details)
        await advance(details)
      }
      await assert.rejects(
        run(createSetWeights({ ...it.deps, ...stopped }), { n: 11 }, { onBeat }),
        giveUp,
      )
      assert.match(waited[0]!, /^rate limit: 10 commits wait for their reveal/)
    })
  })

  const stages: [stage: string, (it: VerifierSite) => Promise<unknown>][] = [
    [
      'with a stored commit',
      (it) =>
        assert.rejects(
          setWeights(it, 1, { deps: on(it, { submit: async () => killed() }) }),
          Killed,
        ),
    ],
    ['with a commit in a block', untilCommitted],
    [
      'with a stored reveal',
      (it) => {
        const dies = on(it, {
          submit: (p) => (p.commitHash === null ? killed() : it.deps.chain.submit(p)),
        })
        return assert.rejects(setWeights(it, 1, { deps: dies }), Killed)
      },
    ],
  ]
  for (const [stage, reach] of stages) {
    it(`without the lease nothing is written or sent: lost ${stage}`, async () => {
      const { it, held } = await scene()
      await reach(it)
      const { db, id } = it.deps
      const all = async () => ({
        set: await weightSet(db, id, 1),
        extrinsics: await extrinsicsOf(db, id, 1),
        held: await held(),
      })
      const before = await all()
      await releaseLease(db, id, 'this test', it.deps.fence())
      await acquireLease(db, id, 'another holder')
      await assert.rejects(setWeights(it, 1), { code: 'lease_lost' })
      await it.harness.advance(3)
      assert.deepEqual(await all(), before)
    })
  }
})
