import assert from 'node:assert/strict'
import { createAskRound } from '../../../activities/rounds/ask-round.js'
import { EngineError, type EngineErrorCode } from '../../../engine/errors.js'
import type { Database } from '../../../ledger/database.js'
import { planItems } from '../../../ledger/intervals/plans.js'
import { certificateOf } from '../../../ledger/judging/certificates.js'
import { groundTruthsOf } from '../../../ledger/judging/ground-truths.js'
import { useDatabase } from '../../support/postgres.js'
import { type Behaviour, IntervalSite } from '../interval/interval-site.js'
import { classNamed, StandIn } from '../stand-in.js'
import { run, useChain } from '../verifier-site.js'

const NOBODY = { pass: 0, cheat: 0, fail: 0, unproven: 0, abstained: 0 }
const PASS = ['pass', 'hash_equal', 1_000_000]
const ROUND = { round: 0 }

describe('activities: judging', () => {
  const database = useDatabase()
  const chain = useChain()
  let site: IntervalSite

  /** Interval 1 open, its round asked. */
  async function asked(...behaviours: Behaviour[]): Promise<void> {
    site = await IntervalSite.open(chain(), database().db, behaviours)
    await site.begin()
    await site.ask(1)
  }

  async function exact(): Promise<boolean> {
    return (await certificateOf(database().db, site.determinismClass))!.exact
  }

  /** The GPU worker dies before it has a second session. */
  const dying = {
    openFresh: async () => {
      throw new Error('killed')
    },
  }

  afterEach(() => site.close())

  it('equal bytes pass immediately; other bytes are a cheat only when computed twice', async () => {
    await asked('honest', 'another')
    assert.deepEqual(await site.judge(1), NOBODY)
    await assert.rejects(site.recompute(1, ROUND, dying), /killed/)
    assert.equal((await site.judge(1)).cheat, 0)
    await site.recompute(1, ROUND)
    assert.deepEqual(await site.judge(1), { ...NOBODY, pass: 1, cheat: 1 })
    assert.deepEqual(await site.verdicts(1), [[PASS], [['cheat', 'hash_differs', -10_000]]])
    // Again, as after a crash: nothing changes.
    assert.deepEqual(await site.recompute(1, ROUND), { computed: 0 })
    assert.deepEqual(await site.judge(1, true), { ...NOBODY, pass: 1, cheat: 1 })
    assert.ok(await exact())
  })

  it('a task whose worker is stopped, or loses its engine, is tried again', async () => {
    await asked('honest', 'another')
    const fails = (code: EngineErrorCode) => async () => {
      throw new EngineError(code, 'away')
    }
    const failing = (code: EngineErrorCode) => {
      const generator = new StandIn(site.determinismClass)
      generator.generate = fails(code)
      return { generator }
    }
    for (const [code, nonRetryable] of [
      ['cancelled', false],
      ['engine_failed', false],
      ['server_silent', false],
      ['out_of_memory', false],
      ['invalid_request', true],
    ] as const) {
      const failure = { name: 'ApplicationFailure', type: code, nonRetryable }
      await assert.rejects(site.recompute(1, ROUND, failing(code)), failure, code)
    }
    for (const code of ['server_unreachable', 'gpu_too_small'] as const) {
      const failure = { type: code, nonRetryable: false }
      await assert.rejects(site.recompute(1, ROUND, { openFresh: fails(code) }), failure, code)
    }
    await site.recompute(1, ROUND)
    assert.deepEqual(await site.judge(1), { ...NOBODY, pass: 1, cheat: 1 })
  })

  it('the right frames with an invented trace are a cheat too', async () => {
    await asked('honest', 'invented')
    await site.recompute(1, ROUND)
    await site.judge(1)
    assert.deepEqual(await site.verdicts(1), [[PASS], [['cheat', 'trace_differs', -10_000]]])
  })

  it('what is never confirmed accuses nobody', async () => {
    await asked('another')
    await assert.rejects(site.recompute(1, ROUND, dying), /killed/)
    assert.deepEqual(await site.judge(1), NOBODY)
    assert.deepEqual(await site.judge(1, true), { ...NOBODY, abstained: 1 })
    assert.deepEqual(await site.verdicts(1), [[['abstained', 'not_confirmed', null]]])
    // Confirmed too late: what is recorded stands.
    await site.recompute(1, ROUND)
    assert.deepEqual(await site.judge(1, true), { ...NOBODY, abstained: 1 })
    assert.ok(await exact())
  })

  it('what was never computed waits, and is given up at the end', async () => {
    await asked('honest')
    assert.deepEqual(await site.judge(1), NOBODY)
    await site.judge(1, true)
    assert.deepEqual(await site.verdicts(1), [[['abstained', 'no_time', null]]])
  })

  it('a wrong known answer takes exactness from the class, and later cosine decides', async () => {
    await asked('another', 'noise')
    const wrong = new StandIn(classNamed('of another GPU'))
    await site.recompute(1, ROUND, { openFresh: async () => wrong })
    assert.deepEqual(await site.judge(1), { ...NOBODY, abstained: 2 })
    assert.equal((await site.verdicts(1))[0]![0]![1], 'control_failed')
    assert.equal(await exact(), false)

    // The class still says how long a video takes: the next interval opens, and is judged by cosine.
    await site.begin(1)
    await site.ask(2)
    await site.recompute(2, ROUND)
    await site.judge(2, true)
    const [another, noise] = await site.verdicts(2)
    assert.deepEqual(another, [['cheat', 'cosine_low', -10_000]])
    assert.deepEqual(
      noise!.map(([verdict, reason]) => [verdict, reason]),
      [['pass', 'cosine_met']],
    )
    const { db, id } = site.verifier.deps
    const item = (await planItems(db, id, 2)).find(
      ({ hotkey }) => hotkey === site.verifier.provers[1]!.ss58,
    )!
    const [truth] = await groundTruthsOf(db, [item.requestId])
    assert.ok(truth!.cosinePpm! >= 980_000 && truth!.cosinePpm! < 1_000_000)
    assert.equal(noise![0]![2], truth!.cosinePpm)
  })

  it('a fresh session that computes something else accuses nobody either', async () => {
    await asked('another', 'honest')
    await site.recompute(1, ROUND, {
      openFresh: async () => new StandIn(site.determinismClass, 'noise'),
    })
    await site.judge(1, true)
    assert.deepEqual(await site.verdicts(1), [[['abstained', 'control_failed', null]], [PASS]])
    assert.equal(await exact(), false)
  })

  it('another class is unproven, and costs no GPU time', async () => {
    await asked('other class', 'honest')
    assert.deepEqual(await site.recompute(1, ROUND), { computed: 1 })
    await site.judge(1)
    assert.deepEqual(await site.verdicts(1), [[['unproven', 'other_class', -10_000]], [PASS]])
  })

  it('who cannot be reached fails; who refuses has no verdict', async () => {
    await asked('away', 'refusing', 'honest')
    await site.recompute(1, ROUND)
    await site.judge(1)
    assert.deepEqual(await site.verdicts(1), [[['fail', 'unreachable', -10_000]], [], [PASS]])
  })

  it('when nobody can be reached it is the verifier’s own fault', async () => {
    await asked('away', 'away', 'away')
    await site.judge(1)
    const OWN = [['abstained', 'own_fault', null]]
    assert.deepEqual(await site.verdicts(1), [OWN, OWN, OWN])
  })

  it('challenges that were never sent count for nobody', async () => {
    site = await IntervalSite.open(chain(), database().db, ['honest'])
    await site.begin()
    // Killed between drawing the round and storing what it sends.
    const { deps } = site.verifier
    let transactions = 0
    const tx: Database['tx'] = async (work) => {
      transactions += 1
      if (transactions > 1) throw new Error('killed')
      return deps.db.tx(work)
    }
    const dying = { ...deps, db: { ...deps.db, tx } }
    await assert.rejects(run(createAskRound(dying, null), { n: 1, round: 0 }), /killed/)
    assert.deepEqual(await site.judge(1), NOBODY)
    await site.judge(1, true)
    assert.deepEqual(await site.verdicts(1), [[['abstained', 'own_fault', null]]])
  })
})
