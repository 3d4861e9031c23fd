import assert from 'node:assert/strict'
import { createCloseInterval } from '../../../activities/interval/close-interval.js'
import { createSettleInterval } from '../../../activities/interval/settle-interval.js'
import { createFetchOpenings } from '../../../activities/judging/fetch-openings.js'
import type { Chain } from '../../../chain/chain.js'
import { planOf } from '../../../ledger/intervals/plans.js'
import { scoresOf } from '../../../ledger/intervals/settlement.js'
import { auditInputs } from '../../../ledger/judging/audits.js'
import { certificateOf, revokeExact } from '../../../ledger/judging/certificates.js'
import { openedSpotCheck, spotChecksOf, unopened } from '../../../ledger/judging/spot-checks.js'
import { SPOT_CHECK_BATCH } from '../../../rules/constants.js'
import { useDatabase } from '../../support/postgres.js'
import { until } from '../../support/until.js'
import { type Behaviour, IntervalSite } from '../interval/interval-site.js'
import { StandIn } from '../stand-in.js'
import { run, useChain } from '../verifier-site.js'

const HOUR_MS = 3_600_000
const PASS = ['pass', 'step_equal', 1_000_000]
const NOBODY = { pass: 0, cheat: 0, fail: 0, unproven: 0, abstained: 0 }

/** The same chain, with blocks that are said to last so long. */
function withBlocksOf(blockSeconds: number, chain: Chain): Chain {
  const { finalized } = chain
  return new Proxy(chain, {
    get: (_, name) => {
      if (name === 'blockSeconds') return blockSeconds
      if (name === 'finalized') return finalized.bind(chain)
      return Reflect.get(chain, name)
    },
  })
}

describe('activities: spot checks', () => {
  const database = useDatabase()
  const chain = useChain()
  let site: IntervalSite

  /** Interval 1 open, and one user's request answered by each prover. */
  async function served(...behaviours: Behaviour[]): Promise<string[]> {
    site = await IntervalSite.open(chain(), database().db, behaviours)
    await site.begin()
    const ids: string[] = []
    for (const i of behaviours.keys()) ids.push(await site.serve(1, i))
    return ids
  }

  const collect = (final = true) => run(createFetchOpenings(site.verifier.deps), { n: 1, final })

  const waiting = async () => ({ waiting: (await collect()).waiting })

  afterEach(() => site.close())

  it('pass who computed each step, and catch who invented the trace, though its frames are right', async () => {
    const ids = await served('honest', 'invented', 'another', 'not a number')
    assert.deepEqual(await waiting(), { waiting: 4 })
    assert.deepEqual(await site.judge(1), NOBODY)
    assert.deepEqual(await site.computeSpotChecks(1), { computed: 4 })
    assert.deepEqual(await site.judge(1), { ...NOBODY, pass: 1, cheat: 3 })
    const [honest, invented, another, notNumber] = await site.verdicts(1, 'spotcheck')
    assert.deepEqual(honest, [PASS])
    assert.deepEqual(invented, [['cheat', 'step_differs', -50_000]])
    assert.deepEqual(another, [['cheat', 'trace_broken', -50_000]])
    assert.deepEqual(notNumber, [['cheat', 'state_not_finite', -50_000]])
    // Again, as after a crash: nothing is asked, computed or judged a second time.
    assert.deepEqual(await waiting(), { waiting: 0 })
    assert.deepEqual(await site.computeSpotChecks(1), { computed: 0 })
    assert.deepEqual(await site.judge(1), { ...NOBODY, pass: 1, cheat: 3 })
    // The states of a cheat are in its evidence; others are not kept.
    const db = database().db
    for (const id of ids) assert.equal(await openedSpotCheck(db, id), null)
  })

  it('come in batches of which an interval has sixty at most, however many answers there are', async () => {
    await served('honest')
    for (let seed = 100; seed < 100 + SPOT_CHECK_BATCH; seed += 1) await site.serve(1, 0, { seed })
    const { deps } = site.verifier
    // An interval of a minute, so that a sixtieth is a second.
    const chain = withBlocksOf(60 / deps.profile.intervalBlocks, deps.chain)
    const from = performance.now()
    const batch = await run(createFetchOpenings({ ...deps, chain }), { n: 1, final: false })
    assert.ok(batch.waiting >= SPOT_CHECK_BATCH && !batch.over, JSON.stringify(batch))
    assert.ok(performance.now() - from >= 1000)
  })

  it('count in the settlement: a cheat costs the interval', async () => {
    await served('honest', 'invented')
    const { deps } = site.verifier
    await site.askWide(1)
    await site.ask(1)
    await run(createCloseInterval(deps), { n: 1 })
    await collect()
    await site.computeSpotChecks(1)
    await site.recompute(1, { round: 0 })
    await site.recompute(1, 'audits')
    await site.judge(1, true)
    await run(createSettleInterval(deps), { n: 1 })
    const [honest, invented] = await scoresOf(deps.db, deps.id, 1)
    assert.ok(honest!.scoreAfter > 0)
    // A user's request, a challenge, and the spot checks of two requests of a wide round.
    assert.equal(honest!.totalAfter, 4)
    // The same four: the trace of the challenge is compared whole.
    assert.equal(invented!.cheats, 4)
    assert.equal(invented!.scoreAfter, 0)
  })

  it('fail who opens other states than it signed, which costs as much as opening none', async () => {
    const [id] = await served('swapped')
    const { deps } = site.verifier
    assert.deepEqual(await waiting(), { waiting: 0 })
    await run(createCloseInterval(deps), { n: 1 })
    assert.deepEqual((await auditInputs(deps.db, deps.id, 1))!.answers, [
      { requestId: id, openingRefused: true },
    ])
    assert.deepEqual(await site.computeSpotChecks(1), { computed: 0 })
    await site.judge(1)
    assert.deepEqual(await site.verdicts(1, 'spotcheck'), [[['fail', 'opening_refused', -50_000]]])
  })

  it('fail who does not open: gone, or its states are', async () => {
    await served('honest', 'honest', 'honest')
    await site.stop(0)
    assert.deepEqual(await waiting(), { waiting: 2 })
    await site.computeSpotChecks(1)
    await site.judge(1)
    const [gone, ...others] = await site.verdicts(1, 'spotcheck')
    assert.deepEqual(gone, [['fail', 'opening_refused', -50_000]])
    assert.deepEqual(others, [[PASS], [PASS]])
  })

  it('wait for a prover that is being restarted, as long as thirteen blocks last', async () => {
    const [id] = await served('honest')
    const start = await site.pause(0)
    const { db, deps } = { ...database(), ...site.verifier }
    const chain = withBlocksOf(12, deps.chain)
    const collected = run(createFetchOpenings({ ...deps, chain }), { n: 1, final: true })
    const tries = async () => {
      const text = 'SELECT tries FROM spot_checks WHERE request_id = $1'
      return (await db.query<{ tries: number }>(text, [id]))[0]?.tries ?? 0
    }
    await until('a first try', async () => (await tries()) > 0)
    await db.execute('UPDATE spot_checks SET tries = 7 WHERE request_id = $1', [id])
    await until('one more try', async () => (await tries()) > 7)
    await start()
    assert.equal((await collected).waiting, 1)
    await site.computeSpotChecks(1)
    await site.judge(1)
    assert.deepEqual(await site.verdicts(1, 'spotcheck'), [[PASS]])
  })

  it('wait while our own clock is wrong, and accuse nobody', async () => {
    await served('honest', 'honest')
    const { clock } = site.verifier.deps
    // Set after they have answered: ours is an hour ahead of everybody's.
    site.clocksBehindMs.push(HOUR_MS, HOUR_MS)
    const collected = collect()
    await until('it to be said', () => clock.isWrong)
    site.clocksBehindMs.fill(0)
    assert.equal((await collected).waiting, 2)
    assert.ok(!clock.isWrong)
    await site.computeSpotChecks(1)
    await site.judge(1)
    assert.deepEqual(await site.verdicts(1, 'spotcheck'), [[PASS], [PASS]])
  })

  it('are given up, and accuse nobody, when our own clock was wrong until their window had passed', async () => {
    const ids = await served('honest', 'honest')
    const { db } = database()
    site.clocksBehindMs.push(HOUR_MS, HOUR_MS)
    const collected = collect()
    await until('it to be said', () => site.verifier.deps.clock.isWrong)
    await db.execute(
      `UPDATE attempts SET completed_at = completed_at - interval '5 minutes' WHERE request_id = ANY ($1)`,
      [ids],
    )
    assert.equal((await collected).waiting, 0)
    await site.judge(1, true)
    const OWN = [['abstained', 'own_fault', null]]
    assert.deepEqual(await site.verdicts(1, 'spotcheck'), [OWN, OWN])
  })

  it('fail the one prover whose own clock stays wrong', async () => {
    await served('honest', 'honest')
    site.clocksBehindMs.push(HOUR_MS)
    assert.deepEqual(await waiting(), { waiting: 1 })
    await site.computeSpotChecks(1)
    await site.judge(1)
    const [late, right] = await site.verdicts(1, 'spotcheck')
    assert.deepEqual(late, [['fail', 'opening_refused', -50_000]])
    assert.deepEqual(right, [PASS])
    assert.ok(!site.verifier.deps.clock.isWrong)
  })

  it('accuse nobody while we have no permit, without which provers need not admit us', async () => {
    await served('honest', 'honest')
    const { deps } = site.verifier
    site.admitted = false
    assert.equal((await collect(false)).waiting, 0)
    assert.equal((await unopened(deps.db, deps.id, 1)).length, 2)
    site.admitted = true
    assert.deepEqual(await waiting(), { waiting: 2 })
    await site.computeSpotChecks(1)
    await site.judge(1)
    assert.deepEqual(await site.verdicts(1, 'spotcheck'), [[PASS], [PASS]])
  })

  it('wait for who does not admit us while our permit is too new to be known', async () => {
    await served('honest')
    site.admitted = false
    const mayVerify = (_: string, forMs = 0) => forMs < 60_000
    const recent = { ...site.verifier.deps, mayVerify }
    await run(createFetchOpenings(recent), { n: 1, final: false })
    assert.equal((await unopened(recent.db, recent.id, 1)).length, 1)
    site.admitted = true
    assert.deepEqual(await waiting(), { waiting: 1 })
  })

  it('fail who does not admit us though we have a permit', async () => {
    await served('honest')
    site.admitted = false
    const deps = { ...site.verifier.deps, mayVerify: () => true }
    await run(createFetchOpenings(deps), { n: 1, final: true })
    await site.judge(1)
    assert.deepEqual(await site.verdicts(1, 'spotcheck'), [[['fail', 'opening_refused', -50_000]]])
  })

  it('accuse nobody when nobody can be reached, or the window passed unasked', async () => {
    const ids = await served('honest', 'honest')
    const { db } = database()
    await db.execute(
      `UPDATE attempts SET completed_at = completed_at - interval '5 minutes' WHERE request_id = ANY ($1)`,
      [ids],
    )
    assert.deepEqual(await waiting(), { waiting: 0 })
    await site.judge(1, true)
    const OWN = [['abstained', 'own_fault', null]]
    assert.deepEqual(await site.verdicts(1, 'spotcheck'), [OWN, OWN])
  })

  it('accuse nobody by a GPU whose sessions disagree, or whose known answer is wrong', async () => {
    await served('honest', 'honest')
    await collect()
    const broken = new StandIn(site.determinismClass, 'invented')
    await site.computeSpotChecks(1, { generator: broken })
    await site.judge(1)
    const FAILED = [['abstained', 'control_failed', null]]
    assert.deepEqual(await site.verdicts(1, 'spotcheck'), [FAILED, FAILED])
    assert.equal((await certificateOf(database().db, site.determinismClass))!.exact, false)
  })

  it('compare within the class’s tolerance once it is not exact', async () => {
    const { db } = database()
    const ids = await served('honest', 'noise', 'invented', 'another')
    await revokeExact(db, site.determinismClass, 'of this test')
    await collect()
    const far = new StandIn(site.determinismClass)
    await site.computeSpotChecks(1, { openFresh: async () => far })
    await site.judge(1)
    const [honest, noise, invented, another] = await site.verdicts(1, 'spotcheck')
    assert.deepEqual(honest, [PASS])
    assert.deepEqual(noise, [['pass', 'step_within', 1_000_000]])
    assert.deepEqual(invented, [['cheat', 'step_differs', -50_000]])
    assert.deepEqual(another, [['cheat', 'trace_broken', -50_000]])
    const [row] = await spotChecksOf(db, [ids[1]!])
    const { stepDeviation, frameDeviation } = row!.facts!.recomputed
    assert.deepEqual([stepDeviation, frameDeviation], [0, 1])
    // What was within it was not computed a second time.
    assert.equal(row!.confirmation, null)
  })

  it('prove nothing by a frame that its owner has deleted, in a class that is not exact', async () => {
    const { db } = database()
    const ids = await served('noise')
    await revokeExact(db, site.determinismClass, 'of this test')
    await collect()
    await db.execute('DELETE FROM frames WHERE request_id = $1', [ids[0]])
    await site.computeSpotChecks(1)
    await site.judge(1)
    assert.deepEqual(await site.verdicts(1, 'spotcheck'), [[['abstained', 'not_compared', null]]])
  })

  it('are given up at the end when no GPU computed them', async () => {
    await served('honest')
    await collect()
    assert.deepEqual(await site.judge(1), NOBODY)
    await site.judge(1, true)
    assert.deepEqual(await site.verdicts(1, 'spotcheck'), [[['abstained', 'no_time', null]]])
  })

  it('end with the interval’s budget', async () => {
    await served('honest', 'honest')
    const { db, id } = site.verifier.deps
    const { spotCheckBudgetUs, spotCheckCostUs } = (await planOf(db, id, 1))!
    assert.ok(spotCheckBudgetUs! > 0)
    // The first interval's: two wide rounds of two provers, of 3 capacity (one GPU, two slots), of 128 pixels.
    assert.equal(spotCheckCostUs, 2 * 4 * 128)
    const all =
      'UPDATE plans SET spot_check_budget_us = 1, spot_check_cost_us = 1 WHERE netuid = $1'
    await db.execute(all, [id.netuid])
    assert.deepEqual(await waiting(), { waiting: 1 })
  })
})
