import assert from 'node:assert/strict'
import { createSetWeights } from '../../../activities/weights/set-weights.js'
import { ChainError } from '../../../chain/errors.js'
import { extrinsicsOf } from '../../../ledger/intervals/weight-extrinsics.js'
import { commitSecret, weightSet } from '../../../ledger/intervals/weights.js'
import { run, type VerifierSite } from '../verifier-site.js'
import { SCORES, useHiddenWeights, WEIGHTS } from './hidden-scene.js'
import { blocksFor, decide, Killed, killed, setWeights, standing } from './scene.js'

describe('activities: weights by commit and reveal', () => {
  const { scene, shown, assertDone, on, taken, untilCommitted, untilSent, advanceTo } =
    useHiddenWeights()

  it('commits, waits for the window, reveals, and says so', async () => {
    const { it, held } = await scene()
    const beats: string[] = []
    const advance = blocksFor(it)
    const { line } = await run(
      createSetWeights(it.deps),
      { n: 1 },
      {
        onBeat: async (details) => {
          const isCommitted = (beat: string) => beat.startsWith('committed')
          // One that is repeated may come to be looked at when the reveal is in a block.
          const isFirst = isCommitted(details) && !beats.some(isCommitted)
          beats.push(details)
          if (isFirst) assert.deepEqual(await shown(it), [], 'hidden')
          await advance(details)
        },
      },
    )
    assert.match(line, /^committed in block \d+, revealed in block \d+ for 3 provers$/)
    const set = (await weightSet(it.deps.db, it.deps.id, 1))!
    const waits = `committed in block ${set.commitBlock}; the reveal waits for block ${set.revealFirst}`
    assert.ok(
      beats.some((beat) => beat.startsWith(waits)),
      beats.join('\n'),
    )
    assert.ok(set.includedBlock! >= set.revealFirst! && set.includedBlock! <= set.revealLast!)
    assert.deepEqual(await held(), ['commit ok', 'reveal ok'])
    await assertDone(it, 1, ['ok', 'ok'])
  })

  it('stores vector, salt and version key before the commit is sent, and never changes them', async () => {
    const { it } = await scene()
    const { db, id } = it.deps
    await assert.rejects(
      setWeights(it, 1, { deps: on(it, { submit: async () => killed() }) }),
      Killed,
    )
    const [stored] = await extrinsicsOf(db, id, 1)
    const secret = (await commitSecret(db, id, 1))!
    assert.equal(secret.salt.length, 16)
    assert.equal(stored!.step, 'commit')
    await untilCommitted(it)
    await setWeights(it, 1)
    assert.deepEqual(await commitSecret(db, id, 1), secret)
    await assertDone(it, 1, ['ok', 'ok'])
    assert.doesNotMatch(JSON.stringify(await weightSet(db, id, 1)), /salt/)
  })

  describe('a uid that changes hands between commit and reveal', () => {
    const WITHOUT_1 = [
      [2, 65535],
      [3, 32767],
    ]

    it('gets nothing: committed anew, and recorded', async () => {
      const { it, held } = await scene()
      await untilCommitted(it)
      const warnings: unknown[] = []
      const log = { ...it.deps.log, warn: (given: unknown) => warnings.push(given) }
      const { line } = await setWeights(it, 1, { deps: { ...taken(it, 1), log: log as never } })
      assert.match(
        line,
        /for 2 provers, after 1 commit that was not revealed; uid 1 had another hotkey when the reveal was due$/,
      )
      assert.deepEqual(warnings, [{ n: 1, uids: [1], revealed: false }])
      assert.deepEqual(await held(), ['commit ok', 'commit ok', 'reveal ok'])
      assert.deepEqual(await shown(it), WITHOUT_1)
    })

    it('gets nothing: gives way to a later interval, and recorded; never twice in a row', async () => {
      const { it, held } = await scene({ tempo: 100 })
      await untilSent(it, 1)
      await decide(it, 2, SCORES)
      await untilSent(it, 2)
      const { line } = await setWeights(it, 1, { deps: taken(it, 1) })
      assert.match(
        line,
        /^superseded: .* stays unrevealed; uid 1 had another hotkey when the reveal was due$/,
      )
      // Otherwise a newcomer in each epoch would hide all weights for ever.
      const second = await setWeights(it, 2, { deps: taken(it, 2) })
      assert.match(second.line, /for 3 provers; uid 2 had another hotkey when the reveal was due$/)
      assert.deepEqual(await held(), ['commit ok', 'commit ok', 'reveal ok'])
      assert.deepEqual(await shown(it), WEIGHTS)
    })

    it('gets nothing when that shows just before the stored reveal is sent again', async () => {
      const { it } = await scene({ tempo: 100 })
      const dies = on(it, {
        submit: async (p) => (p.commitHash === null ? killed() : it.deps.chain.submit(p)),
      })
      await assert.rejects(setWeights(it, 1, { deps: dies }), Killed)
      await setWeights(it, 1, { deps: taken(it, 1) })
      assert.deepEqual(await shown(it), WITHOUT_1)
    })
  })

  describe('a reveal that comes too late', () => {
    it('commits again, and says so', async () => {
      const { it, held } = await scene()
      const { revealLast } = await untilCommitted(it)
      const secret = await commitSecret(it.deps.db, it.deps.id, 1)
      await advanceTo(it, revealLast!)
      const warnings: unknown[] = []
      const log = { ...it.deps.log, warn: (...given: unknown[]) => warnings.push(given) }
      const { line } = await setWeights(it, 1, { deps: { log: log as never } })
      assert.match(line, /for 3 provers, after 1 commit that was not revealed$/)
      assert.equal(warnings.length, 1)
      assert.deepEqual(await held(), ['commit ok', 'commit ok', 'reveal ok'])
      assert.notDeepEqual(
        await commitSecret(it.deps.db, it.deps.id, 1),
        secret,
        'a salt hides once',
      )
      await assertDone(it, 1, ['ok', 'ok', 'ok'])
    })

    it('in a block: the chain’s ExpiredWeightCommit does the same', async () => {
      const { it, held } = await scene()
      const { revealLast } = await untilCommitted(it)
      let late = true
      const slow = on(it, {
        submit: async (prepared) => {
          if (late && prepared.commitHash === null) await advanceTo(it, revealLast!)
          if (prepared.commitHash === null) late = false
          await it.deps.chain.submit(prepared)
        },
      })
      await setWeights(it, 1, { deps: slow })
      const all = ['commit ok', 'reveal ExpiredWeightCommit', 'commit ok', 'reveal ok']
      assert.deepEqual(await held(), all)
      await assertDone(it, 1, ['ok', 'ExpiredWeightCommit', 'ok', 'ok'])
    })

    it('is given up when a later interval has committed', async () => {
      const { it } = await scene()
      const { revealLast, commitBlock } = await untilCommitted(it)
      await advanceTo(it, revealLast!)
      await decide(it, 2, SCORES)
      await untilCommitted(it, 2)
      const { line } = await setWeights(it, 1)
      const text = `superseded: replaced by the weights of a later interval; its commit in block ${commitBlock}`
      assert.equal(line, `${text} stays unrevealed`)
      await setWeights(it, 2)
      await assertDone(it, 2, ['ok', 'ok'])
    })
  })

  describe('the subnet switches commit-reveal', () => {
    const between = async (was: boolean) => {
      const here = await scene({ commitReveal: was })
      let switched = false
      const flip = on(here.it, {
        submit: async (prepared) => {
          await here.it.deps.chain.submit(prepared)
          const params = { commitReveal: !was }
          if (!switched) await here.it.harness.setParams(here.it.netuid, params)
          switched = true
        },
      })
      await setWeights(here.it, 1, { deps: flip })
      return here
    }

    it('on, before it was sent', async () => {
      const { it, held } = await scene({ commitReveal: false })
      await it.harness.setParams(it.netuid, { commitReveal: true })
      await setWeights(it, 1)
      assert.deepEqual(await held(), ['commit ok', 'reveal ok'])
    })

    it('on, while weights in the open wait for their block', async () => {
      const { it, held } = await between(false)
      assert.deepEqual(await held(), ['set CommitRevealEnabled', 'commit ok', 'reveal ok'])
      await assertDone(it, 1, ['CommitRevealEnabled', 'ok', 'ok'])
    })

    it('off, while a commit waits for its block', async () => {
      const { it, held } = await between(true)
      assert.deepEqual(await held(), ['commit CommitRevealDisabled', 'set ok'])
      await assertDone(it, 1, ['CommitRevealDisabled', 'ok'])
      assert.equal(await commitSecret(it.deps.db, it.deps.id, 1), null)
    })

    it('off, before the reveal: the rate limit since the commit, then in the open', async () => {
      const { it, held } = await scene({ weightsRateLimit: 15 })
      const { commitBlock, revealFirst } = await untilCommitted(it)
      await it.harness.setParams(it.netuid, { commitReveal: false })
      await advanceTo(it, revealFirst!)
      const { line } = await setWeights(it, 1)
      assert.match(line, /^set in block \d+ for 3 provers, after 1 commit that was not revealed/)
      assert.deepEqual(await held(), ['commit ok', 'set ok'])
      const { includedBlock } = (await weightSet(it.deps.db, it.deps.id, 1))!
      assert.ok(includedBlock! >= commitBlock! + 15)
      // Back on: what is left of the commit stays unrevealed.
      await it.harness.setParams(it.netuid, { commitReveal: true })
      await setWeights(it, 1)
      assert.deepEqual(await held(), ['commit ok', 'set ok'])
    })

    it('off in the block of the reveal, and on again: revealed after all', async () => {
      const { it, held } = await scene()
      await untilCommitted(it)
      let once = true
      const flicker = on(it, {
        submit: async (prepared) => {
          await it.deps.chain.submit(prepared)
          if (!once) return
          once = false
          await it.harness.setParams(it.netuid, { commitReveal: false })
          await it.harness.setParams(it.netuid, { commitReveal: true })
        },
      })
      await setWeights(it, 1, { deps: flicker })
      const all = ['commit ok', 'reveal CommitRevealDisabled', 'reveal ok']
      assert.deepEqual(await held(), all)
    })
  })

  it('a longer tempo after the commit moves its window: too early is waited out', async () => {
    const { it, held } = await scene()
    const { revealFirst } = await untilCommitted(it)
    await it.harness.setParams(it.netuid, { tempo: 60 })
    await advanceTo(it, revealFirst!)
    await setWeights(it, 1)
    const outcomes = await held()
    assert.equal(outcomes[0], 'commit ok')
    assert.equal(outcomes.filter((outcome) => outcome === 'reveal ok').length, 1)
    assert.ok(!outcomes.slice(1).includes('commit ok'), outcomes.join())
  })

  it('the rate limit holds for commits, and names the block', async () => {
    const { it } = await scene({ weightsRateLimit: 25 })
    const { lastUpdate } = (await it.deps.chain.metagraph(it.netuid)).neurons[0]!
    const beats: string[] = []
    const advance = blocksFor(it)
    const onBeat = async (details: string) => {
      beats.push(details)
      await advance(details)
    }
    await run(createSetWeights(it.deps), { n: 1 }, { onBeat })
    const waits = `rate limit: waiting for block ${lastUpdate + 26}`
    assert.ok(beats[0]!.startsWith(waits), beats[0])
    await assertDone(it, 1, ['ok', 'ok'])
  })

  it('CommittingWeightsTooFast in a block is waited out and signed again', async () => {
    const { it } = await scene()
    let raised = false
    const changes = on(it, {
      submit: async (prepared) => {
        await it.deps.chain.submit(prepared)
        if (!raised) await it.harness.setParams(it.netuid, { weightsRateLimit: 30 })
        raised = true
      },
    })
    await setWeights(it, 1, { deps: changes })
    await assertDone(it, 1, ['CommittingWeightsTooFast', 'ok', 'ok'])
  })

  describe('what only people can fix fails by name, and succeeds once it is fixed', () => {
    const refused = (it: VerifierSite, code: string) =>
      assert.rejects(setWeights(it, 1), (error) => {
        assert.ok(error instanceof ChainError, String(error))
        assert.deepEqual([error.code, error.retryable], [code, false])
        assert.ok(error.hint !== undefined && error.hint !== '', `${code} has no hint`)
        return true
      })

    it('the permit, before the commit and before the reveal', async () => {
      const { it, held } = await scene({ tempo: 40 })
      const permit = (has: boolean) => it.harness.setPermit(it.netuid, it.signer.ss58, has)
      await permit(false)
      await refused(it, 'NeuronNoValidatorPermit')
      await permit(true)
      await untilCommitted(it)
      await permit(false)
      await refused(it, 'NeuronNoValidatorPermit')
      await permit(true)
      await setWeights(it, 1)
      assert.deepEqual(await held(), ['commit ok', 'reveal ok'])
    })

    it('the permit lost in the block of the reveal', async () => {
      const { it, held } = await scene({ tempo: 40 })
      await untilCommitted(it)
      const { chain } = it.deps
      const lost = on(it, {
        submit: async (prepared) => {
          await chain.submit(prepared)
          await it.harness.setPermit(it.netuid, it.signer.ss58, false)
        },
      })
      await assert.rejects(setWeights(it, 1, { deps: lost }), { code: 'NeuronNoValidatorPermit' })
      await it.harness.setPermit(it.netuid, it.signer.ss58, true)
      await setWeights(it, 1)
      assert.deepEqual(await held(), ['commit ok', 'reveal NeuronNoValidatorPermit', 'reveal ok'])
    })

    it('the hotkey, deregistered and registered again between commit and reveal', async () => {
      const { it } = await scene({ maxUids: 4, immunityPeriod: 0, tempo: 40 })
      const { harness, netuid, signer, provers } = it
      await untilCommitted(it)
      for (const prover of provers) await harness.setStake(netuid, prover.ss58, 2n * 10n ** 15n)
      await harness.register(netuid, ['5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY'])
      await refused(it, 'HotKeyNotRegisteredInSubNet')
      await harness.setParams(netuid, { maxUids: 5 })
      await harness.register(netuid, [signer.ss58])
      await refused(it, 'NeuronNoValidatorPermit')
      await harness.setStake(netuid, signer.ss58, 10n ** 16n)
      await setWeights(it, 1)
      assert.deepEqual((await standing(it, 1)).state, 'confirmed')
    })

    for (const [when, hidden] of [
      ['in the open', false],
      ['before the commit', true],
    ] as const) {
      it(`a version key above ours, ${when}`, async () => {
        const { it, held } = await scene({ commitReveal: hidden, weightsVersionKey: 2 })
        await refused(it, 'IncorrectWeightVersionKey')
        assert.deepEqual(await held(), [])
        await it.harness.setParams(it.netuid, { weightsVersionKey: 1 })
        await setWeights(it, 1)
        assert.equal((await standing(it, 1)).state, 'confirmed')
      })
    }

    it('a version key raised between commit and reveal', async () => {
      const { it, held } = await scene({ tempo: 40 })
      await untilCommitted(it)
      await it.harness.setParams(it.netuid, { weightsVersionKey: 2 })
      await refused(it, 'IncorrectWeightVersionKey')
      await it.harness.setParams(it.netuid, { weightsVersionKey: 0 })
      await setWeights(it, 1)
      assert.deepEqual(await held(), ['commit ok', 'reveal ok'])
    })

    it('a chain that knows another hash: typed, and the next attempt commits again', async () => {
      const { it, held } = await scene({ tempo: 40 })
      await untilCommitted(it)
      const wrong = on(it, {
        prepareWeights: (call) => it.deps.chain.prepareWeights({ ...call, salt: [1] }),
      })
      const code = 'InvalidRevealCommitHashNotMatch'
      await assert.rejects(setWeights(it, 1, { deps: wrong }), { code, retryable: false })
      await setWeights(it, 1)
      assert.deepEqual(await held(), ['commit ok', `reveal ${code}`, 'commit ok', 'reveal ok'])
      await assertDone(it, 1, ['ok', code, 'ok', 'ok'])
    })

    it('a runtime that offers no way', async () => {
      const { it } = await scene()
      const why = 'timelocked commits only'
      const hint = { hint: 'wait for a newer Fractal' }
      const none = on(it, {
        prepareWeights: async () => {
          throw new ChainError('weights_unsupported', why, hint)
        },
      })
      const expected = { code: 'weights_unsupported', message: why, retryable: false }
      await assert.rejects(setWeights(it, 1, { deps: none }), expected)
      assert.deepEqual(await standing(it, 1), {
        kind: 'weights',
        state: 'decided',
        readBackOk: null,
        results: [],
      })
    })
  })

  it('stops when another process commits with this hotkey, before the commit and before the reveal', async () => {
    for (const committed of [false, true]) {
      const { it } = await scene()
      if (committed) await untilCommitted(it)
      const { deps, netuid, signer } = it
      const call = { netuid, uids: [1], values: [7], versionKey: 1, salt: [1], signer }
      const foreign = { step: 'commit' as const, ...call, eraBlocks: 64 }
      await deps.chain.submit(await deps.chain.prepareWeights(foreign))
      await it.harness.advance(3)
      await assert.rejects(setWeights(it, 1), { code: 'another_process_sets_weights' })
      assert.deepEqual(await shown(it), [], `committed: ${committed}`)
    }
  })
})
