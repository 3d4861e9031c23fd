import assert from 'node:assert/strict'
import { createAskRound } from '../../../activities/rounds/ask-round.js'
import { createAskWide } from '../../../activities/rounds/ask-wide.js'
import { chooseProver } from '../../../activities/video/choose-prover.js'
import { ProverRoutes } from '../../../activities/video/prover-routes.js'
import { workOf } from '../../../formats/generation.js'
import { planItems, planRounds } from '../../../ledger/intervals/plans.js'
import { wideRound } from '../../../ledger/intervals/wide-rounds.js'
import { certificateOf, putCertificate } from '../../../ledger/judging/certificates.js'
import { answersOfInterval, startAttempts } from '../../../ledger/requests/attempts.js'
import { CAPACITY_PER_GPU } from '../../../rules/constants.js'
import { attempt } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { type Behaviour, IntervalSite } from '../interval/interval-site.js'
import { run, useChain } from '../verifier-site.js'

describe('activities: rounds', () => {
  const database = useDatabase()
  const chain = useChain()
  let site: IntervalSite

  afterEach(() => site.close())

  async function open(...behaviours: Behaviour[]): Promise<void> {
    site = await IntervalSite.open(chain(), database().db, behaviours)
    await site.begin()
  }

  /** Another request of ours that is in flight at the i-th prover, for as long as the test takes. */
  async function inFlight(i: number): Promise<string> {
    const { deps, provers } = site.verifier
    const { hotkey, registeredBlock } = (await slots(0)).get(provers[i]!.ss58)!
    const row = attempt(1, { n: 1, hotkey, registeredBlock })
    await startAttempts(deps.db, deps.id, [row])
    return row.requestId
  }

  async function slots(round: number) {
    const { db, id } = site.verifier.deps
    return new Map((await wideRound(db, id, 1, round)).map((row) => [row.hotkey, row]))
  }

  async function wide(round: number) {
    const { db, id } = site.verifier.deps
    const rows = await answersOfInterval(db, id, 1)
    return rows.filter((row) => row.wideN === 1 && row.wideRound === round)
  }

  it('a wide one sends everybody what it has room for, and records what came of each', async () => {
    await open('honest', 'refusing', 'away', 'impossible')
    assert.deepEqual(await site.askWide(1), { provers: 4, requests: 4 * CAPACITY_PER_GPU })
    const rows = await wide(0)
    const outcomes = site.verifier.provers.map(({ ss58 }) =>
      rows.filter(({ hotkey }) => hotkey === ss58).map((row) => row.outcome),
    )
    assert.deepEqual(outcomes, [
      ['success', 'success'],
      ['refused', 'refused'],
      ['failure', 'failure'],
      ['failure', 'failure'],
    ])
    for (const row of rows) {
      assert.deepEqual([row.kind, row.n, row.gpus, row.counted], ['wide', 1, 1, true])
    }
    assert.equal(new Set(rows.map((row) => row.bodySha256)).size, rows.length)
    for (const slot of (await slots(0)).values()) {
      assert.deepEqual([slot.gpus, slot.inFlight], [1, []])
    }
  })

  it('a wide one counts what is in flight, and asks no more than the rest', async () => {
    await open('honest', 'honest')
    await site.askWide(1, 0)
    const ours = [await inFlight(0), await inFlight(0), await inFlight(1)]
    assert.deepEqual(await site.askWide(1, 1), { provers: 2, requests: 1 })
    const found = await slots(1)
    const [first, second] = site.verifier.provers.map(({ ss58 }) => found.get(ss58)!.inFlight)
    assert.deepEqual([first!.toSorted(), second], [ours.slice(0, 2).toSorted(), [ours[2]]])
    const { db, id } = site.verifier.deps
    const [round] = (await planRounds(db, id, 1)).filter((r) => r.kind === 'wide' && r.round === 1)
    assert.deepEqual(round!.busy, [site.verifier.provers[0]!.ss58])
  })

  it('goes by the GPUs that were declared when the interval opened, whatever is said since', async () => {
    await open('growing')
    await site.askWide(1, 0)
    assert.deepEqual(await site.askWide(1, 1), { provers: 1, requests: CAPACITY_PER_GPU })
    await site.begin(1)
    assert.deepEqual(await site.askWide(2), { provers: 1, requests: 2 * CAPACITY_PER_GPU })
  })

  it('blames all hotkeys of one owner that can’t be reached, and itself for those of three', async () => {
    await open('away', 'away', 'away')
    const { db, id } = site.verifier.deps
    await site.askWide(1, 0)
    await db.execute(`UPDATE interval_provers SET coldkey = 'one' WHERE verifier = $1`, [
      id.verifier,
    ])
    await site.askWide(1, 1)
    const outcomes = async (round: number) =>
      new Set((await wide(round)).map((row) => `${row.outcome} ${row.reason}`))
    assert.deepEqual(await outcomes(0), new Set(['neutral own_fault']))
    assert.deepEqual(await outcomes(1), new Set(['failure unreachable']))
  })

  it('asked again after a crash, they are the same: nobody gets more than was drawn', async () => {
    await open('honest', 'honest')
    const { deps } = site.verifier
    const dying = { ...deps, signer: { ...deps.signer, sign: () => killed() } }
    await assert.rejects(run(createAskRound(dying, null), { n: 1, round: 0 }), /killed/)
    await assert.rejects(run(createAskWide(dying), { n: 1, round: 0 }), /killed/)
    const drawn = await planItems(deps.db, deps.id, 1)
    await site.askWide(1)
    await site.ask(1)
    await site.askWide(1)
    await site.ask(1)
    // What was drawn goes on at once, also while nobody has room for a user.
    const full = { among: () => assert.fail('it waits as a new one does'), hold: () => undefined }
    await run(createAskRound(deps, full), { n: 1, round: 0 })
    assert.deepEqual(await planItems(deps.db, deps.id, 1), drawn)
    const rows = await answersOfInterval(deps.db, deps.id, 1)
    // Each had one in flight already when everybody was asked.
    assert.equal(rows.filter(({ kind }) => kind === 'wide').length, 2 * CAPACITY_PER_GPU - 2)
    assert.equal(rows.filter(({ kind }) => kind === 'challenge').length, 2)
    assert.ok(rows.every(({ outcome }) => outcome === 'success'))
  })

  it('a sample has nobody without room', async () => {
    await open('honest', 'honest', 'honest')
    await site.askWide(1)
    await inFlight(1)
    await inFlight(1)
    await site.ask(1)
    const { db, id } = site.verifier.deps
    const [one, , three] = site.verifier.provers.map(({ ss58 }) => ss58)
    const sample = (await planItems(db, id, 1)).map(({ hotkey }) => hotkey)
    assert.deepEqual(sample.toSorted(), [one, three].toSorted())
  })

  it('has the deadline that users’ requests have, whatever is certified within the interval', async () => {
    await open('honest')
    const { db, id, model, profile } = site.verifier.deps
    // Half a minute for a standard video: more than the floor.
    const usPerWork = Math.floor((30_000_000 * 1_000_000) / workOf(model))
    const coldUs = 4_000_000
    await db.execute('UPDATE plans SET gpu_us_per_work = $1, gpu_cold_us = $2 WHERE netuid = $3', [
      usPerWork,
      coldUs,
      id.netuid,
    ])
    const certificate = await certificateOf(db, site.determinismClass)
    await putCertificate(db, { ...certificate!, usPerWork: 3 * usPerWork, coldUs: 9_000_000 })
    const users = await chooseProver(
      {
        routes: new ProverRoutes(db, id),
        block: () => 0,
        random: () => 0,
        deadlineFloorMs: profile.deadlineFloorMs,
      },
      workOf(model),
      [],
    )
    await site.askWide(1)
    await site.ask(1)
    const checks = await db.query<{ deadlineMs: number }>(
      'SELECT deadline_ms FROM attempts WHERE netuid = $1 AND verifier = $2',
      [id.netuid, id.verifier],
    )
    assert.equal(checks.length, CAPACITY_PER_GPU + 1)
    assert.ok(users.hotkey !== null && users.deadlineMs === 74_000)
    for (const { deadlineMs } of checks) assert.equal(deadlineMs, users.deadlineMs)
  })

  it('what is cancelled as users cancel is no failure, and no verdict', async () => {
    await open('honest')
    const { db, id } = site.verifier.deps
    const cancelled = { ...site.verifier.deps.model, negativePrompt: false, cancelled: true }
    await db.execute(
      `UPDATE plans SET inputs = jsonb_set(inputs, '{recentRequests}', $1) WHERE netuid = $2`,
      [JSON.stringify([cancelled]), id.netuid],
    )
    // At once, so that it is in time whatever was drawn.
    await db.execute('UPDATE plans SET gpu_us_per_work = 1 WHERE netuid = $1', [id.netuid])
    await site.askWide(1)
    await site.ask(1)
    const rows = await answersOfInterval(db, id, 1)
    assert.equal(rows.length, CAPACITY_PER_GPU + 1)
    for (const row of rows) assert.deepEqual([row.outcome, row.reason], ['neutral', 'cancelled'])
    await site.judge(1, true)
    assert.deepEqual(await site.verdicts(1), [[]])
  })
})

function killed(): never {
  throw new Error('killed')
}
