import assert from 'node:assert/strict'
import { LedgerError } from '../../../ledger/errors.js'
import { closeInterval } from '../../../ledger/intervals/intervals.js'
import { verdictsOf } from '../../../ledger/judging/verdicts.js'
import {
  answersOfInterval,
  attemptFacts,
  attemptsOf,
  chargeNeutralAttempts,
  recordOutcomes,
  startAttempts,
} from '../../../ledger/requests/attempts.js'
import { getFrames, putFrames } from '../../../ledger/requests/frames.js'
import { useDatabase } from '../../support/postgres.js'
import { attempt, failure, newJob, newVerifier, openInterval, success } from '../fixtures.js'

describe('ledger/attempts', () => {
  const database = useDatabase()

  it('stores an attempt once, and returns the body that is to be sent', async () => {
    const { db } = database()
    const id = newVerifier()
    const given = attempt(1, { n: 3 })
    const [stored] = await startAttempts(db, id, [given])
    assert.deepEqual(stored!.body, Buffer.from(given.body))
    assert.equal(stored!.outcome, null)
    const [again] = await startAttempts(db, id, [{ ...given, body: Buffer.from('other') }])
    assert.deepEqual(again, stored)
  })

  it('knows how many others were in flight at the prover when it was sent, and what a refusal showed', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const first = attempt(1, { n: 1, gpus: 2 })
    const elsewhere = attempt(2, { n: 1 })
    await startAttempts(db, id, [first, elsewhere])
    const wide = attempt(1, { kind: 'wide', wideN: 1, wideRound: 2, gpus: 2 })
    const [row] = await startAttempts(db, id, [wide])
    assert.deepEqual(
      [row!.inFlight, row!.gpus, row!.kind, row!.wideN, row!.wideRound, row!.n],
      [1, 2, 'wide', 1, 2, null],
    )
    const taken = [attempt(3, { n: 1 }).requestId, attempt(3, { n: 1 }).requestId]
    const refused = failure(wide.requestId, { outcome: 'refused', reason: 'refused', taken })
    const [ended] = await recordOutcomes(db, id, [refused, success(first.requestId)])
    assert.equal(ended!.n, 1)
    const [stored] = await attemptFacts(db, [wide.requestId])
    assert.deepEqual([stored!.taken, stored!.n], [taken, 1])
    // What has ended, and what could not end any more, is not in flight.
    const late = attempt(1, { n: 1, deadlineMs: 1 })
    assert.equal((await startAttempts(db, id, [late]))[0]!.inFlight, 0)
    assert.equal((await startAttempts(db, id, [attempt(1, { n: 1 })]))[0]!.inFlight, 0)
  })

  it('gives two workers that start the same attempt the same request', async () => {
    const { db } = database()
    const id = newVerifier()
    const { inferenceId } = await newJob(db, id)
    const started = await Promise.all(
      Array.from({ length: 4 }, (_, uid) => startAttempts(db, id, [attempt(uid, { inferenceId })])),
    )
    assert.equal(new Set(started.map(([row]) => row!.requestId)).size, 1)
    assert.equal((await attemptsOf(db, inferenceId)).length, 1)
  })

  it('records an outcome once, with its check, also when recorded concurrently', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const jobs = await Promise.all(Array.from({ length: 8 }, () => newJob(db, id)))
    const rows = await startAttempts(
      db,
      id,
      jobs.map(({ inferenceId }) => attempt(1, { inferenceId })),
    )
    const requestIds = rows.map((row) => row.requestId)
    // Eight batches over the same requests in different orders, half of them saying otherwise.
    const told = await Promise.all(
      Array.from({ length: 8 }, (_, i) => {
        const order = i % 3 === 0 ? requestIds.toReversed() : requestIds
        return recordOutcomes(
          db,
          id,
          order.map((requestId) => (i % 2 === 0 ? success(requestId) : failure(requestId))),
        )
      }),
    )
    const stored = await answersOfInterval(db, id, 1)
    assert.equal(stored.length, 8)
    const verdicts = await verdictsOf(db, id, 1)
    for (const row of stored) {
      for (const answers of told) {
        const said = answers.find(({ requestId }) => requestId === row.requestId)
        assert.deepEqual(said, {
          requestId: row.requestId,
          n: 1,
          outcome: row.outcome,
          reason: row.reason,
        })
      }
      const checks = verdicts.filter(({ requestId }) => requestId === row.requestId)
      assert.equal(checks.length, row.outcome === 'failure' ? 1 : 0, row.outcome ?? 'none')
      assert.equal(row.framesSha256 === null, row.outcome === 'failure')
    }
  })

  it('keeps the first of two traces that a prover signed for one request', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const { inferenceId } = await newJob(db, id)
    const [row] = await startAttempts(db, id, [attempt(1, { inferenceId })])
    const { requestId } = row!
    const [first, second] = ['0a', '0b'].map((byte) => ({
      traceRoot: byte.repeat(32),
      signature: `0x${byte.repeat(64)}`,
    }))
    await recordOutcomes(db, id, [success(requestId, first)])
    await recordOutcomes(db, id, [success(requestId, second)])
    const [stored] = await attemptFacts(db, [requestId])
    const { traceRoot, signature } = stored!
    assert.deepEqual({ traceRoot, signature }, first)
  })

  it('records all of a batch or nothing', async () => {
    const { db } = database()
    const id = newVerifier()
    const [one, two] = await startAttempts(db, id, [attempt(1, { n: 1 }), attempt(2, { n: 1 })])
    const bad = success(two!.requestId, { framesSha256: null })
    await assert.rejects(
      recordOutcomes(db, id, [success(one!.requestId), bad]),
      (error) => error instanceof LedgerError && error.code === 'ledger_query_failed',
    )
    assert.deepEqual(
      (await answersOfInterval(db, id, 1)).map((row) => row.outcome),
      [null, null],
    )
  })

  it('takes untrusted texts that Postgres would refuse', async () => {
    const { db } = database()
    const id = newVerifier()
    const [row] = await startAttempts(db, id, [attempt(1, { n: 1 })])
    await recordOutcomes(db, id, [
      failure(row!.requestId, { message: 'a\0b\ud800', warnings: ['c\0', '\udc00', '😀'] }),
    ])
    const [stored] = await answersOfInterval(db, id, 1)
    assert.equal(stored!.message, 'a\ufffdb\ufffd')
    assert.deepEqual(stored!.warnings, ['c\ufffd', '\ufffd', '😀'])
  })

  it('leaves another verifier’s attempts alone', async () => {
    const { db } = database()
    const id = newVerifier()
    const [row] = await startAttempts(db, id, [attempt(1, { n: 1 })])
    await recordOutcomes(db, newVerifier(), [success(row!.requestId)])
    assert.equal((await answersOfInterval(db, id, 1))[0]!.outcome, null)
  })

  it('blames who called a request impossible that another did, while the interval is open', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const { inferenceId } = await newJob(db, id)
    const rows = await startAttempts(db, id, [
      attempt(1, { inferenceId }),
      attempt(2, { inferenceId, attemptNo: 2 }),
    ])
    const impossible = { outcome: 'neutral', reason: 'invalid_request', verdict: null } as const
    await recordOutcomes(db, id, [
      failure(rows[0]!.requestId, impossible),
      success(rows[1]!.requestId),
    ])
    await chargeNeutralAttempts(db, id, inferenceId)
    await chargeNeutralAttempts(db, id, inferenceId)
    assert.deepEqual(
      (await attemptsOf(db, inferenceId)).map((row) => row.outcome),
      ['failure', 'success'],
    )
    assert.deepEqual(
      (await verdictsOf(db, id, 1)).map((row) => [
        row.requestId,
        row.verdict,
        row.reason,
        row.rewardPpm,
      ]),
      [[rows[0]!.requestId, 'fail', 'invalid_request', -50_000]],
    )

    const late = await newJob(db, id)
    const [row] = await startAttempts(db, id, [attempt(1, { inferenceId: late.inferenceId })])
    await recordOutcomes(db, id, [failure(row!.requestId, impossible)])
    await db.tx((tx) => closeInterval(tx, id, 1))
    await chargeNeutralAttempts(db, id, late.inferenceId)
    assert.equal((await attemptsOf(db, late.inferenceId))[0]!.outcome, 'neutral')
  })

  it('stores one success of a user’s request, whoever else has another', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const { inferenceId } = await newJob(db, id)
    const rows = await startAttempts(db, id, [
      attempt(1, { inferenceId }),
      attempt(2, { inferenceId, hedge: true }),
      attempt(3, { inferenceId, attemptNo: 2 }),
    ])
    const [one, two, three] = rows.map((row) => row.requestId)
    // Two workers, each with the answer of another prover, at the same time; and one that is still asked.
    await Promise.all([
      recordOutcomes(db, id, [success(one!)]),
      recordOutcomes(db, id, [success(two!)]),
    ])
    const stored = await attemptsOf(db, inferenceId)
    assert.deepEqual(stored.map((row) => `${row.outcome} ${row.reason}`).sort(), [
      'neutral outpaced',
      'neutral outpaced',
      'success served',
    ])
    const loser = stored.find((row) => row.requestId !== three && row.outcome === 'neutral')!
    assert.deepEqual([loser.n, loser.framesSha256, loser.signature], [1, null, null])
    // What was asked comes to its end later: it is told what stands.
    assert.deepEqual(await recordOutcomes(db, id, [failure(three!)]), [
      { requestId: three, n: 1, outcome: 'neutral', reason: 'outpaced' },
    ])
    assert.deepEqual(await verdictsOf(db, id, 1), [])
    // Nobody is asked any more.
    assert.deepEqual(await startAttempts(db, id, [attempt(1, { inferenceId, attemptNo: 3 })]), [])
    assert.equal((await attemptsOf(db, inferenceId)).length, 3)
  })

  it('has one success when two come in one batch, and leaves challenges alone', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const { inferenceId } = await newJob(db, id)
    const rows = await startAttempts(db, id, [
      attempt(1, { inferenceId }),
      attempt(2, { inferenceId, hedge: true }),
      attempt(1, { n: 1 }),
      attempt(2, { n: 1 }),
    ])
    const told = await recordOutcomes(
      db,
      id,
      rows.map((row) => success(row.requestId)),
    )
    const outcomes = rows.map(
      ({ requestId }) => told.find((said) => said.requestId === requestId)!.outcome,
    )
    assert.deepEqual(outcomes, ['success', 'neutral', 'success', 'success'])
  })

  it('stores frames as they come, in any order, the last before the outcome', async () => {
    const { db } = database()
    const id = newVerifier()
    const [row] = await startAttempts(db, id, [attempt(1, { n: 1 })])
    const { requestId } = row!
    const frame = (index: number, last = 255) => ({ index, zlib: Buffer.from([index, 0, last]) })
    await putFrames(db, requestId, [])
    await putFrames(db, requestId, [frame(2, 1), frame(1)])
    await putFrames(db, requestId, [frame(2), frame(3)])
    assert.deepEqual(await getFrames(db, requestId), [frame(1), frame(2), frame(3)])
    await recordOutcomes(db, id, [success(requestId)])
    await putFrames(db, requestId, [frame(2, 7)])
    assert.deepEqual(await getFrames(db, requestId), [frame(1), frame(2), frame(3)])
  })
})
