import assert from 'node:assert/strict'
import {
  beginRound,
  insertPlan,
  insertPlanItems,
  type PlanItemRow,
  planItems,
  planOf,
  planRounds,
} from '../../../ledger/intervals/plans.js'
import { insertWideRound, wideRound } from '../../../ledger/intervals/wide-rounds.js'
import { auditCandidates, auditsOf, putAudits } from '../../../ledger/judging/audits.js'
import {
  certificateOf,
  currentCertificates,
  type NewCertificate,
  putCertificate,
  revokeExact,
} from '../../../ledger/judging/certificates.js'
import {
  groundTruthsOf,
  putConfirmation,
  putCosine,
  putGroundTruth,
} from '../../../ledger/judging/ground-truths.js'
import { insertVerdicts, unjudged, verdictsOf } from '../../../ledger/judging/verdicts.js'
import {
  insertIntervalProvers,
  intervalProvers,
  standings,
  updateAxons,
  upsertStandings,
} from '../../../ledger/provers/provers.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { NO_SPOT_CHECKS } from '../../support/no-spot-checks.js'
import { useDatabase } from '../../support/postgres.js'
import {
  attempt,
  begunPlan,
  failure,
  intervalProver,
  newJob,
  newVerifier,
  openInterval,
  prover,
  success,
  uuid,
} from '../fixtures.js'

function item(round: number, k: number): PlanItemRow {
  const { hotkey, registeredBlock } = prover(k + 1)
  return {
    requestId: uuid(),
    round,
    k,
    hotkey,
    registeredBlock,
    momentBlock: 1003 + round,
    deadlineMs: 30_000,
    cancelAfterMs: null,
    promptSha256: null,
    body: Buffer.from('{"query":"x"}'),
    bodySha256: 'ab'.repeat(32),
  }
}

describe('ledger: provers of an interval', () => {
  const database = useDatabase()

  it('start in Bronze with nothing, and again when they register again', async () => {
    const { db } = database()
    const id = newVerifier()
    const [first] = await upsertStandings(db, id, [prover(1)])
    assert.deepEqual([first!.tier, first!.totalSuccesses, first!.scorePpm], ['bronze', 0, 0])
    await db.execute(`UPDATE provers SET tier = 'gold', score_ppm = 7 WHERE verifier = $1`, [
      id.verifier,
    ])
    const [moved] = await upsertStandings(db, id, [{ ...prover(1), axonIp: '192.0.2.9', uid: 4 }])
    assert.deepEqual([moved!.tier, moved!.uid, moved!.axonIp], ['gold', 4, '192.0.2.9'])
    const [anew] = await upsertStandings(db, id, [{ ...prover(1), registeredBlock: 999 }])
    assert.deepEqual([anew!.tier, anew!.scorePpm], ['bronze', 0])
    assert.equal((await standings(db, id)).length, 2)
    assert.deepEqual(await standings(db, id, []), [])
  })

  it('keep what was recorded when it opened, but for their address', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1, [2, 1])
    await db.tx((tx) =>
      insertIntervalProvers(tx, id, 1, [{ ...intervalProver(1), determinismClass: 'other' }]),
    )
    const { hotkey, registeredBlock } = prover(1)
    await updateAxons(db, id, 1, [{ hotkey, registeredBlock, axonIp: '192.0.2.7', axonPort: 1 }])
    assert.deepEqual(await intervalProvers(db, id, 1), [
      { ...intervalProver(1), axonIp: '192.0.2.7', axonPort: 1 },
      intervalProver(2),
    ])
  })
})

/** A draw among nothing. */
const NONE = { answers: [], max: 1 }

describe('ledger: plan, truths, audits', () => {
  const database = useDatabase()

  it('a plan is stored once, and each of its rounds begins once, with what it asks', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const rounds = [
      { kind: 'wide', round: 0, momentMs: 9_000 },
      { kind: 'challenge', round: 0, momentMs: 7_000 },
      { kind: 'challenge', round: 1, momentMs: 80 },
    ] as const
    const header = { rounds: 2, gpuUsPerWork: 5, gpuColdUs: 0, ...NO_SPOT_CHECKS, inputs: {} }
    assert.equal(await planOf(db, id, 1), null)
    assert.equal(await db.tx((tx) => insertPlan(tx, id, 1, header, rounds)), true)
    assert.equal(await db.tx((tx) => insertPlan(tx, id, 1, { ...header, rounds: 9 }, [])), false)
    assert.equal((await planOf(db, id, 1))!.rounds, 2)
    const begun = (round: number, busy: string[]) =>
      db.tx((tx) => beginRound(tx, id, 1, { kind: 'challenge', round, busy }))
    assert.equal(await begun(0, [prover(3).hotkey]), true)
    assert.equal(await begun(0, []), false)
    assert.equal(await begun(2, []), false, 'none of the plan’s')
    const stored = await planRounds(db, id, 1)
    assert.deepEqual(
      stored.map(({ kind, round, momentMs, busy }) => ({ kind, round, momentMs, busy })),
      rounds
        .toReversed()
        .map((round, i) => ({ ...round, busy: i === 1 ? [prover(3).hotkey] : [] })),
    )
    assert.deepEqual(
      stored.map(({ askedAt }) => askedAt !== null),
      [false, true, false],
    )
    const items = [item(1, 0), item(0, 1), item(0, 0)]
    await db.tx((tx) => insertPlanItems(tx, id, 1, items))
    assert.deepEqual(await planItems(db, id, 1), items.toReversed())
    assert.deepEqual(await planItems(db, id, 1, { round: 1 }), [items[0]])
  })

  it('a wide round keeps what it found of each prover', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const row = (uid: number, inFlight: string[]) => {
      const { hotkey, registeredBlock } = prover(uid)
      return { round: 0, hotkey, registeredBlock, gpus: uid, inFlight }
    }
    const rows = [row(1, []), row(2, [uuid(), uuid()])]
    await db.tx((tx) => insertWideRound(tx, id, 1, rows))
    const byHotkey = rows.toSorted((a, b) => (a.hotkey < b.hotkey ? -1 : 1))
    assert.deepEqual(await wideRound(db, id, 1, 0), byHotkey)
    assert.deepEqual(await wideRound(db, id, 1, 1), [])
  })

  it('what is not judged yet is known: planned challenges and drawn audits', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const [one, two] = [item(0, 0), item(0, 1)]
    await begunPlan(db, id, 1, [one, two])
    const { inferenceId } = await newJob(db, id)
    const [audited] = await startAttempts(db, id, [
      attempt(2, { inferenceId }),
      attempt(1, { n: 1, requestId: one.requestId }),
    ])
    await recordOutcomes(db, id, [success(audited!.requestId), failure(one.requestId)])
    await db.tx((tx) => putAudits(tx, id, 1, [audited!.requestId], NONE))
    const { hotkey, registeredBlock } = prover(1)
    const check = { requestId: two.requestId, hotkey, registeredBlock, detail: { cosinePpm: 5 } }
    const passed = { ...check, kind: 'challenge', verdict: 'pass', reason: 'hash_equal' } as const
    const write = () => insertVerdicts(db, id, 1, [{ ...passed, rewardPpm: 1_000_000 }])
    const written = [{ kind: 'challenge', verdict: 'pass', hotkey, registeredBlock }]
    assert.deepEqual(await write(), written)
    assert.deepEqual(await write(), [], 'written once, counted once')
    assert.deepEqual(
      (await unjudged(db, id, 1)).map((row) => [row.requestId, row.kind, row.outcome, row.reason]),
      [
        [one.requestId, 'challenge', 'failure', 'late'],
        [audited!.requestId, 'audit', 'success', 'served'],
      ],
    )
    assert.deepEqual(
      (await verdictsOf(db, id, 1, { round: 0 })).map((row) => [row.kind, row.detail]),
      [
        ['answer', null],
        ['challenge', { cosinePpm: 5 }],
      ],
    )
    assert.deepEqual(await verdictsOf(db, id, 1, { round: 1 }), [])
  })

  it('audits are drawn once from what was answered, also when nothing was', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    await openInterval(db, id, 2)
    const { inferenceId } = await newJob(db, id)
    const rows = await startAttempts(db, id, [
      attempt(1, { inferenceId }),
      attempt(2, { inferenceId, attemptNo: 2 }),
      attempt(2, { n: 2 }),
    ])
    await recordOutcomes(db, id, [
      failure(rows[0]!.requestId),
      success(rows[1]!.requestId),
      success(rows[2]!.requestId),
    ])
    const candidates = await auditCandidates(db, id, 2)
    assert.deepEqual(candidates, [{ requestId: rows[1]!.requestId, openingRefused: false }])
    assert.equal(await auditsOf(db, id, 2), null)
    const drawn = [rows[1]!.requestId]
    assert.deepEqual(await db.tx((tx) => putAudits(tx, id, 2, drawn, NONE)), drawn)
    assert.deepEqual(await db.tx((tx) => putAudits(tx, id, 2, [], NONE)), drawn)
    assert.deepEqual(await db.tx((tx) => putAudits(tx, id, 1, [], NONE)), [])
    assert.deepEqual(await db.tx((tx) => putAudits(tx, id, 1, drawn, NONE)), [])
  })

  it('a ground truth, its cosine and its confirmation are stored once', async () => {
    const { db } = database()
    const truth = {
      requestId: uuid(),
      framesSha256: 'aa',
      stepDeviation: 0,
      frameDeviation: 0,
      traceRoot: 'bb',
      determinismClass: 'fc2;test',
      elapsedUs: 900_000,
      work: 10,
    }
    const { requestId } = truth
    await putGroundTruth(db, truth)
    assert.equal((await putGroundTruth(db, { ...truth, framesSha256: 'cc' })).framesSha256, 'aa')
    await putCosine(db, requestId, 990_000)
    await putCosine(db, requestId, 1)
    await putConfirmation(db, requestId, {
      confirmFramesSha256: 'aa',
      confirmTraceRoot: 'bb',
      knownAnswerOk: true,
    })
    await putConfirmation(db, requestId, {
      confirmFramesSha256: 'dd',
      confirmTraceRoot: 'dd',
      knownAnswerOk: false,
    })
    const [row] = await groundTruthsOf(db, [requestId, uuid()])
    assert.deepEqual(
      [row!.cosinePpm, row!.confirmFramesSha256, row!.knownAnswerOk],
      [990_000, 'aa', true],
    )
  })

  it('a class that lost its exactness gets it back only by hand', async () => {
    const { db } = database()
    const certificate: NewCertificate = {
      determinismClass: 'fc2;a',
      modelRoot: 'cd',
      exact: true,
      runs: 4,
      processes: 2,
      usPerWork: 3_000_000,
      coldUs: 0,
      spotCheckUsPerPixel: 1_000_000,
      profile: 'test',
      framesSha256: 'aa',
      stepDeviation: 0,
      frameDeviation: 0,
    }
    await putCertificate(db, certificate)
    await revokeExact(db, 'fc2;a', 'own results differed')
    await revokeExact(db, 'fc2;a', 'again')
    const kept = (await certificateOf(db, 'fc2;a'))!
    assert.deepEqual([kept.exact, kept.revokedReason], [false, 'own results differed'])
    // It still says how long a video takes; answers are compared within tolerances from now on.
    assert.deepEqual(
      (await currentCertificates(db)).map(({ exact }) => exact),
      [false],
    )
    const anew = await putCertificate(db, {
      ...{ ...certificate, usPerWork: 2, coldUs: 3, stepDeviation: 7 },
    })
    assert.deepEqual([anew.exact, anew.revokedReason], [true, null])
    assert.deepEqual([anew.usPerWork, anew.coldUs, anew.stepDeviation], [2, 3, 7])
    // One that was never exact has nothing to lose, and is not certified again for it.
    await putCertificate(db, { ...certificate, exact: false })
    await revokeExact(db, 'fc2;a', 'again')
    assert.equal((await certificateOf(db, 'fc2;a'))!.revokedAt, null)
    assert.equal((await currentCertificates(db)).length, 1)
    assert.equal(await certificateOf(db, 'fc2;none'), null)
  })
})
