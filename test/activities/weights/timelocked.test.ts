import assert from 'node:assert/strict'
import { createSetWeights } from '../../../activities/weights/set-weights.js'
import { ChainError } from '../../../chain/errors.js'
import { localAdmin } from '../../../chain/local/admin-client.js'
import { weightSet } from '../../../ledger/intervals/weights.js'
import { run, type VerifierSite } from '../verifier-site.js'
import { SCORES, useHiddenWeights, WEIGHTS } from './hidden-scene.js'
import { blocksFor, decide, Killed, killed, setWeights, standing } from './scene.js'

describe('activities: timelocked weights, which the chain reveals', () => {
  const { scene: hidden, shown, assertDone, on, taken, dyingBefore, advanceTo } = useHiddenWeights()
  const scene = (params: { tempo?: number; revealPeriodEpochs?: number } = {}) =>
    hidden({ timelocked: true, ...params })

  const setOf = async ({ deps }: VerifierSite, n = 1) => (await weightSet(deps.db, deps.id, n))!

  /** How long after its time the chain learns of a round. */
  async function setRoundLag({ deps, netuid, harness }: VerifierSite, roundLag: number) {
    await localAdmin(deps.chain.endpoint).call({ name: 'setParams', netuid, params: { roundLag } })
    await harness.advance(1)
  }

  /** Dies when the commit is in a final block. */
  async function untilCommitted(it: VerifierSite, n = 1) {
    const dies = on(it, {
      commits: async (...given) =>
        (await setOf(it, n)).state === 'committed' ? killed() : it.deps.chain.commits(...given),
    })
    await assert.rejects(setWeights(it, n, { deps: dies }), Killed)
    return setOf(it, n)
  }

  it('commits, waits for the chain, and says so: hidden until then, in the very block', async () => {
    const { it, held } = await scene()
    const beats: string[] = []
    const advance = blocksFor(it)
    const onBeat = async (details: string) => {
      beats.push(details)
      await advance(details)
    }
    const { line } = await run(createSetWeights(it.deps), { n: 1 }, { onBeat })
    assert.match(line, /^committed in block \d+, revealed by the chain in block \d+ for 3 provers$/)
    const { commitBlock, revealFirst, includedBlock } = await setOf(it)
    const wait = `committed in block ${commitBlock}; the chain's reveal waits for block ${revealFirst}`
    assert.ok(
      beats.some((beat) => beat.startsWith(wait)),
      beats.join('\n'),
    )
    // Its round is out one block into the epoch.
    assert.equal(includedBlock, revealFirst! + 1)
    const { chain } = it.deps
    const before = await chain.blockAt(includedBlock! - 1)
    assert.deepEqual(await chain.weights(it.netuid, 0, before), [], 'hidden until then')
    assert.deepEqual(await held(), ['timelock ok'])
    await assertDone(it, 1, ['ok'])
  })

  it('the same vector as before is done when the chain has revealed it, not sooner', async () => {
    const { it, held } = await scene()
    await setWeights(it, 1)
    await decide(it, 2, SCORES)
    await untilCommitted(it, 2)
    assert.deepEqual(await shown(it), WEIGHTS, 'those of interval 1')
    await setWeights(it, 2)
    const { revealFirst, includedBlock } = await setOf(it, 2)
    assert.equal(includedBlock, revealFirst! + 1)
    assert.deepEqual(await held(), ['timelock ok', 'timelock ok'])
    await assertDone(it, 2, ['ok'])
  })

  it('a uid that changes hands before the chain reveals: nobody can withhold them, so it is recorded and said', async () => {
    const { it } = await scene()
    await untilCommitted(it)
    const warnings: unknown[] = []
    const log = { ...it.deps.log, warn: (given: unknown) => warnings.push(given) }
    const { line } = await setWeights(it, 1, { deps: { ...taken(it, 1), log: log as never } })
    assert.match(line, /for 3 provers; uid 1 had another hotkey when the reveal was due$/)
    assert.deepEqual(warnings, [{ n: 1, uids: [1], revealed: true }])
    assert.deepEqual((await setOf(it)).changedUids, [1])
  })

  it('a round that comes late is waited for as long as its epoch', async () => {
    const { it, held } = await scene()
    await setRoundLag(it, 5)
    await setWeights(it, 1)
    const { revealFirst, includedBlock } = await setOf(it)
    assert.equal(includedBlock, revealFirst! + 6)
    assert.deepEqual(await held(), ['timelock ok'])
  })

  it('what the chain never revealed is committed anew, once the chain has forgotten it', async () => {
    const { it, held } = await scene()
    await setRoundLag(it, 100)
    await untilCommitted(it)
    await assert.rejects(setWeights(it, 1, { deps: dyingBefore(it, 'timelock') }), Killed)
    const { chain } = it.deps
    assert.deepEqual(await chain.commits(it.netuid, it.signer.ss58), [], 'nothing of it stands')
    await setRoundLag(it, 0)
    const { line } = await setWeights(it, 1)
    assert.match(line, /revealed by the chain .* after 1 commit that was not revealed$/)
    assert.deepEqual(await held(), ['timelock ok', 'timelock ok'])
    await assertDone(it, 1, ['ok', 'ok'])
  })

  it('down over both reveals: each interval has the block that was its own', async () => {
    const { it, held } = await scene({ revealPeriodEpochs: 2 })
    await untilCommitted(it, 1)
    await decide(it, 2, [0, 0, 100])
    await advanceTo(it, (await it.deps.chain.epoch(it.netuid)).nextBlock)
    const { revealFirst } = await untilCommitted(it, 2)
    await advanceTo(it, revealFirst! + 8)
    for (const n of [1, 2]) {
      await setWeights(it, n)
      const set = await setOf(it, n)
      assert.equal(set.state, 'confirmed', `interval ${n}`)
      assert.equal(set.includedBlock, set.revealFirst! + 1, `interval ${n}`)
    }
    assert.deepEqual(await held(), ['timelock ok', 'timelock ok'])
    assert.deepEqual(await shown(it), [[3, 65535]])
  })

  it('of two that the chain reveals in one block the earlier gives way', async () => {
    const { it } = await scene({ tempo: 30 })
    await untilCommitted(it, 1)
    await decide(it, 2, [0, 0, 100])
    await untilCommitted(it, 2)
    await setWeights(it, 2)
    assert.match(
      (await setWeights(it, 1)).line,
      /^superseded: replaced by the weights of a later interval/,
    )
    assert.deepEqual(await shown(it), [[3, 65535]])
  })

  it('commit-reveal switched off: later weights in the open wait for the reveal', async () => {
    const { it, held } = await scene({ tempo: 30 })
    await untilCommitted(it, 1)
    await it.harness.setParams(it.netuid, { commitReveal: false })
    await decide(it, 2, [0, 0, 100])
    const beats: string[] = []
    const advance = blocksFor(it)
    const onBeat = async (details: string) => {
      beats.push(details)
      await advance(details)
    }
    // The reveal counts as an update now, and interval 1 is not there to find it: it is no other process's.
    await run(createSetWeights(it.deps), { n: 2 }, { onBeat })
    const waits = 'the chain is still to reveal the weights of interval 1: waiting for block'
    assert.ok(beats[0]!.startsWith(waits), beats.join('\n'))
    assert.deepEqual(await held(), ['timelock ok', 'set ok'])
    assert.deepEqual(await shown(it), [[3, 65535]])
    const { line } = await setWeights(it, 1)
    assert.match(line, /^committed in block \d+, revealed by the chain in block \d+ for 3 provers$/)
    assert.deepEqual(await held(), ['timelock ok', 'set ok'])
  })

  it('a longer tempo while the commit waits: it is revealed when the chain comes to it', async () => {
    const { it, held } = await scene({ tempo: 30 })
    await untilCommitted(it)
    await it.harness.setParams(it.netuid, { tempo: 45 })
    await setWeights(it, 1)
    const { state, readBackOk } = await standing(it, 1)
    assert.deepEqual({ state, readBackOk }, { state: 'confirmed', readBackOk: true })
    assert.deepEqual(await shown(it), WEIGHTS)
    assert.ok((await held()).every((one) => one === 'timelock ok'))
  })

  it('a version key that rises meanwhile: the chain shows nothing, and people are told', async () => {
    const { it, held } = await scene({ tempo: 30 })
    await untilCommitted(it)
    await it.harness.setParams(it.netuid, { weightsVersionKey: 2 })
    await assert.rejects(setWeights(it, 1), { code: 'IncorrectWeightVersionKey' })
    assert.deepEqual(await shown(it), [])
    await it.harness.setParams(it.netuid, { weightsVersionKey: 1 })
    await setWeights(it, 1)
    assert.deepEqual(await held(), ['timelock ok', 'timelock ok'])
    await assertDone(it, 1, ['ok', 'ok'])
  })

  it('asks the chain little while it waits for a block that is far away', async () => {
    const { it, held } = await scene({ tempo: 40 })
    const { revealFirst } = await untilCommitted(it)
    const { chain } = it.deps
    const from = (await chain.finalized()).number
    let looks = 0
    const counting = on(it, {
      commits: (...given) => {
        looks += 1
        return chain.commits(...given)
      },
    })
    const blocks = setInterval(() => void it.harness.advance(1), 60)
    try {
      await run(createSetWeights({ ...it.deps, ...counting }), { n: 1 })
    } finally {
      clearInterval(blocks)
    }
    const waited = revealFirst! - from
    // Every twentieth block, and each of the last ones; then where the commit went is looked for.
    assert.ok(looks < 5 + waited / 20 + 14, `${looks} looks in ${waited} blocks`)
    assert.deepEqual(await held(), ['timelock ok'])
  })

  it('an endpoint that is behind the commit’s block is waited for', async () => {
    const { it, held } = await scene()
    const { commitBlock } = await untilCommitted(it)
    const { chain } = it.deps
    let old = 3
    const late = on(it, {
      finalized: async () => {
        const final = await chain.finalized()
        old -= 1
        return old < 0 ? final : chain.blockAt(commitBlock! - 1)
      },
    })
    await setWeights(it, 1, { deps: late })
    assert.deepEqual(await held(), ['timelock ok'])
  })

  it('a runtime upgrade between signing and inclusion counts as an era passed', async () => {
    const { it, held } = await scene()
    const { chain } = it.deps
    let upgraded = false
    const upgrade = on(it, {
      specVersion: async (...at) => (await chain.specVersion(...at)) + (upgraded ? 1 : 0),
      prepareWeights: async (call) => {
        const prepared = await chain.prepareWeights(call)
        return { ...prepared, specVersion: prepared.specVersion! + (upgraded ? 1 : 0) }
      },
      submit: async (prepared) => {
        if (upgraded) return chain.submit(prepared)
        upgraded = true
        throw new ChainError('BadProof', 'signed for another runtime')
      },
    })
    await setWeights(it, 1, { deps: upgrade })
    assert.deepEqual(await held(), ['timelock ok'])
    await assertDone(it, 1, ['expired', 'ok'])
  })

  it('a bad signature of the runtime that it is signed for is for people', async () => {
    const { it } = await scene()
    const refuses = on(it, {
      submit: async () => {
        throw new ChainError('BadProof', 'a bad signature')
      },
    })
    await assert.rejects(setWeights(it, 1, { deps: refuses }), { code: 'BadProof' })
  })
})
