import assert from 'node:assert/strict'
import type { Database } from '../../../ledger/database.js'
import { closeInterval } from '../../../ledger/intervals/intervals.js'
import { insertVerdicts } from '../../../ledger/intervals/verdicts.js'
import { routingCandidates } from '../../../ledger/provers/routing.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { compareText } from '../../../rules/order.js'
import { breakerState } from '../../../rules/routing/breaker.js'
import { usedIn } from '../../../rules/routing/route-candidate.js'
import type { CheckRow } from '../../../rules/settle/settlement.js'
import type { Verdict } from '../../../rules/verdicts.js'
import { useDatabase } from '../../support/postgres.js'
import {
  attempt,
  failure,
  newJob,
  newVerifier,
  openInterval,
  prover,
  success,
  uuid,
} from '../fixtures.js'

/** By hotkey. */
async function routed(db: Database, id: VerifierId, blockRange = 0) {
  const rows = await routingCandidates(db, id)
  const counted = rows.map((row) => ({ ...row, usedThisInterval: usedIn(row, blockRange) }))
  return counted.sort((a, b) => compareText(a.hotkey, b.hotkey))
}

describe('ledger/routing', () => {
  const database = useDatabase()

  it('knows what was measured of the provers of the newest interval', async () => {
    const { db } = database()
    const id = newVerifier()
    assert.deepEqual(await routed(db, id), [])
    await openInterval(db, id, 1, [1, 2, 3])
    await db.execute(
      `UPDATE interval_provers SET reachable = false, unreachable_reason = 'no_answer' WHERE uid = 3 AND verifier = $1`,
      [id.verifier],
    )
    const jobs = await Promise.all(Array.from({ length: 6 }, () => newJob(db, id)))
    const rows = await startAttempts(db, id, [
      ...jobs.map(({ inferenceId }, i) => attempt(i < 5 ? 1 : 2, { inferenceId, work: 1_000 })),
      attempt(2, { n: 1 }),
    ])
    const [a, b, c, d] = rows.map((row) => row.requestId)
    for (const end of [
      success(a!, { elapsedUs: 30 }),
      success(b!, { elapsedUs: 10 }),
      failure(c!),
      failure(d!),
    ]) {
      await recordOutcomes(db, id, [end])
    }
    const candidates = await routed(db, id)
    assert.deepEqual(
      candidates.map((row) => ({
        hotkey: row.hotkey,
        used: row.usedThisInterval,
        inFlight: row.inFlight,
        latency: row.latencyUsPerWork,
        failures: row.failuresInARow,
        justNow: row.failedMsAgo === null ? null : row.failedMsAgo >= 0 && row.failedMsAgo < 60_000,
      })),
      [
        { hotkey: 'prover-1', used: 5, inFlight: 1, latency: 10_000, failures: 2, justNow: true },
        { hotkey: 'prover-2', used: 1, inFlight: 2, latency: null, failures: 0, justNow: null },
      ],
    )
    // The next range of blocks starts at zero, though no verifier opened an interval.
    const usage = async (range: number) =>
      (await routed(db, id, range)).map((row) => [row.usedThisInterval, row.failuresInARow])
    assert.deepEqual(await usage(1), [
      [0, 2],
      [0, 0],
    ])
    const { inferenceId } = await newJob(db, id)
    const [later] = await startAttempts(db, id, [attempt(1, { inferenceId, blockRange: 1 })])
    await recordOutcomes(db, id, [success(later!.requestId, { elapsedUs: 10 })])
    assert.deepEqual(await usage(1), [
      [1, 0],
      [0, 0],
    ])
    // An interval that opens changes nothing about it.
    await db.tx((tx) => closeInterval(tx, id, 1))
    await openInterval(db, id, 2, [1, 2])
    assert.deepEqual(await usage(1), [
      [1, 0],
      [0, 0],
    ])
  })

  it('forgets a failure from before the clock was set back when the next request succeeds', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const jobs = await Promise.all([newJob(db, id), newJob(db, id)])
    const [a, b] = await startAttempts(
      db,
      id,
      jobs.map(({ inferenceId }) => attempt(1, { inferenceId })),
    )
    await recordOutcomes(db, id, [failure(a!.requestId)])
    await db.execute(
      `UPDATE prover_routing SET last_failure_at = last_failure_at + interval '1 hour' WHERE verifier = $1`,
      [id.verifier],
    )
    const failures = async () => {
      const [row] = await routed(db, id)
      return breakerState(row!)
    }
    assert.equal(await failures(), 'half_open', 'not for an hour')
    await recordOutcomes(db, id, [success(b!.requestId)])
    assert.equal(await failures(), 'closed')
  })

  it('keeps the speed of the last answers, and what happens to one prover at once', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const rows = await startAttempts(
      db,
      id,
      Array.from({ length: 40 }, () => attempt(1, { n: 1, work: 1_000_000 })),
    )
    const [first, ...rest] = rows
    await recordOutcomes(db, id, [success(first!.requestId, { elapsedUs: 900 })])
    await Promise.all(
      rest.map(({ requestId }, i) =>
        recordOutcomes(db, id, [success(requestId, { elapsedUs: 100 + (i % 3) })]),
      ),
    )
    const [row] = await db.query<{ answers: number; usPerWork: number }>(
      `SELECT cardinality(recent_us_per_work) AS answers, us_per_work FROM prover_routing
       WHERE verifier = $1 AND hotkey = $2`,
      [id.verifier, prover(1).hotkey],
    )
    assert.equal(row!.answers, 20)
    assert.ok(row!.usPerWork >= 100 && row!.usPerWork <= 102, String(row!.usPerWork))
  })

  it('remembers a cheat until five checks passed, whatever intervals go by and verdicts are removed', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const check = (verdict: Verdict, kind: CheckRow['kind'] = 'challenge') =>
      insertVerdicts(db, id, 1, [
        {
          ...{ requestId: uuid(), kind, hotkey: prover(1).hotkey, verdict, reason: 'hash_equal' },
          ...{ registeredBlock: prover(1).registeredBlock, rewardPpm: null, detail: null },
        },
      ])
    const since = async () => (await routed(db, id))[0]!.passedSinceCheat
    await check('pass')
    assert.equal(await since(), null, 'never caught')
    await check('cheat')
    assert.equal(await since(), 0)
    await check('pass')
    await check('abstained')
    await check('fail')
    await check('pass', 'answer')
    await check('pass', 'audit')
    assert.equal(await since(), 2)
    await db.tx((tx) => closeInterval(tx, id, 1))
    for (const n of [2, 3, 4, 5]) {
      await openInterval(db, id, n)
      await db.tx((tx) => closeInterval(tx, id, n))
    }
    assert.equal(await since(), 2, 'intervals alone show nothing')
    await check('cheat')
    assert.equal(await since(), 0)
  })
})
