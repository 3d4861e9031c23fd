import assert from 'node:assert/strict'
import type { Database } from '../../../ledger/database.js'
import { closeInterval } from '../../../ledger/intervals/intervals.js'
import { insertVerdicts } from '../../../ledger/judging/verdicts.js'
import { routingChanges } from '../../../ledger/provers/routing-changes.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { BACKOFF_429_MS, PAUSE_MAX_MS } from '../../../rules/constants.js'
import { compareText } from '../../../rules/order.js'
import { breakerState } from '../../../rules/routing/breaker.js'
import { usedIn } from '../../../rules/routing/route-facts.js'
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
  const { rows, nowMs } = await routingChanges(db, id, null)
  const counted = rows
    .filter(({ routable }) => routable)
    .map((row) => ({
      ...row,
      usedThisInterval: usedIn(row, blockRange),
      failedMsAgo: row.failedMs === null ? null : nowMs - row.failedMs,
      refusedForMs: row.refusedUntilMs === null ? null : row.refusedUntilMs - nowMs,
      pausedForMs: row.pausedUntilMs === null ? null : row.pausedUntilMs - nowMs,
    }))
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
        inFlight: row.openRequests.length,
        latency: row.usPerWork,
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

  it('shares an answer’s time with what its GPU had before it', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const ask = async (elapsedUs: number) => {
      const { inferenceId } = await newJob(db, id)
      const [row] = await startAttempts(db, id, [attempt(1, { inferenceId, work: 1_000, gpus: 1 })])
      return success(row!.requestId, { elapsedUs })
    }
    const [first, second] = [await ask(100), await ask(200)]
    await recordOutcomes(db, id, [first])
    assert.equal((await routed(db, id))[0]!.usPerWork, 100_000)
    await recordOutcomes(db, id, [second])
    assert.equal((await routed(db, id))[0]!.usPerWork, 100_000, 'it waited for the first')
    const { measuredMs } = (await routed(db, id))[0]!
    assert.ok(Math.abs(measuredMs! - (await routingChanges(db, id, null)).nowMs) < 60_000)
  })

  it('leaves a prover alone for ten seconds after a refusal, up to two after any other outcome', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(
      db,
      id,
      1,
      Array.from({ length: 200 }, (_, i) => i + 1),
    )
    const rows = await startAttempts(
      db,
      id,
      Array.from({ length: 200 }, (_, i) => attempt(i + 1, { n: 1, gpus: 1 })),
    )
    const ends = rows.map(({ requestId }, i) => {
      if (i === 0) {
        return failure(requestId, { outcome: 'refused', reason: 'refused', verdict: null })
      }
      return i % 2 === 0 ? success(requestId) : failure(requestId)
    })
    await recordOutcomes(db, id, ends)
    const now = await routed(db, id)
    const refused = now.find(({ hotkey }) => hotkey === prover(1).hotkey)!
    assert.ok(refused.refusedForMs! > BACKOFF_429_MS - 5_000, String(refused.refusedForMs))
    assert.ok(refused.refusedForMs! <= BACKOFF_429_MS)
    assert.equal(refused.pausedForMs, null)
    const others = now.filter((row) => row !== refused)
    assert.ok(others.every(({ refusedForMs }) => refusedForMs === null))
    const pauses = others.map(({ pausedUntilMs }) => pausedUntilMs!)
    const least = Math.min(...pauses)
    const spread = Math.max(...pauses) - least
    assert.ok(spread > 0.9 * PAUSE_MAX_MS && spread <= PAUSE_MAX_MS + 100, String(spread))
    const mean = pauses.reduce((sum, ms) => sum + ms - least, 0) / pauses.length
    assert.ok(
      Math.abs(mean - PAUSE_MAX_MS / 2) < 4 * (PAUSE_MAX_MS / Math.sqrt(12 * 199)),
      `${mean}`,
    )
  })

  it('never ends a pause sooner for another outcome, nor later than two seconds from now', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const end = async () => {
      const [row] = await startAttempts(db, id, [attempt(1, { n: 1 })])
      await recordOutcomes(db, id, [success(row!.requestId)])
      return (await routed(db, id))[0]!
    }
    let until = (await end()).pausedUntilMs!
    for (let k = 0; k < 20; k++) {
      const now = (await end()).pausedUntilMs!
      assert.ok(now >= until, `${now} ${until}`)
      until = now
    }
    await db.execute(
      `UPDATE prover_routing SET paused_until = paused_until + interval '1 hour' WHERE verifier = $1`,
      [id.verifier],
    )
    assert.ok((await end()).pausedForMs! <= PAUSE_MAX_MS, 'the clock was set back')
  })

  it('tells a copy what changed, and never misses a transaction that was slow', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1, [1, 2, 3])
    const all = await routingChanges(db, id, null)
    assert.equal(all.rows.length, 3)
    const changed = async (cursor: typeof all.cursor) => {
      const { rows } = await routingChanges(db, id, cursor)
      return rows.map(({ hotkey }) => hotkey).sort()
    }
    // Other tests of this database have ended by now: nothing holds the cursor back.
    const { cursor } = await routingChanges(db, id, all.cursor)
    await db.execute('CREATE TEMPORARY TABLE IF NOT EXISTS any_transaction ()')
    const settled = (await routingChanges(db, id, cursor)).cursor
    assert.deepEqual(await changed(settled), [])
    const [slow, quick] = [prover(1).hotkey, prover(2).hotkey]
    let later = settled
    await db.tx(async (tx) => {
      await tx.execute(
        'UPDATE interval_provers SET axon_port = 1 WHERE verifier = $1 AND hotkey = $2',
        [id.verifier, slow],
      )
      // It began before this one, and is committed after it.
      await startAttempts(db, id, [attempt(2, { n: 1 })])
      const during = await routingChanges(db, id, settled)
      assert.deepEqual(
        during.rows.map(({ hotkey }) => hotkey),
        [quick],
      )
      later = during.cursor
    })
    assert.ok((await changed(later)).includes(slow))
    await db.tx((tx) => closeInterval(tx, id, 1))
    await openInterval(db, id, 2, [1, 2])
    assert.deepEqual(await changed(later), [slow, quick], 'all of the interval that opened')
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
