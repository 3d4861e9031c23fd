import assert from 'node:assert/strict'
import type { Database, Tx } from '../../../ledger/database.js'
import { LedgerError } from '../../../ledger/errors.js'
import { closeInterval, intervalByN, setPhase } from '../../../ledger/intervals/intervals.js'
import { acquireLease, assertFence } from '../../../ledger/intervals/lease.js'
import { insertPlan } from '../../../ledger/intervals/plans.js'
import { previousRecord, recordOf, signRecord } from '../../../ledger/intervals/records.js'
import {
  loadSettlement,
  settledResult,
  writeSettlement,
} from '../../../ledger/intervals/settlement.js'
import { insertVerdicts, type NewVerdict } from '../../../ledger/judging/verdicts.js'
import { tierHistory } from '../../../ledger/provers/network.js'
import { standings } from '../../../ledger/provers/provers.js'
import {
  answersOfInterval,
  recordOutcomes,
  startAttempts,
} from '../../../ledger/requests/attempts.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { compareText } from '../../../rules/order.js'
import { settle } from '../../../rules/settle/settle.js'
import { NO_SPOT_CHECKS } from '../../support/no-spot-checks.js'
import { useDatabase } from '../../support/postgres.js'
import { recordBody } from '../../support/records/record-body.js'
import {
  attempt,
  currentN,
  failure,
  newJob,
  newVerifier,
  openInterval,
  prover,
  recordFor,
  resultFor,
  SETTLED_BY,
  success,
} from '../fixtures.js'

function verdict(requestId: string, uid: number, changes: Partial<NewVerdict> = {}): NewVerdict {
  const { hotkey, registeredBlock } = prover(uid)
  return {
    requestId,
    kind: 'challenge',
    hotkey,
    registeredBlock,
    verdict: 'pass',
    reason: 'hash_equal',
    rewardPpm: 1_000_000,
    detail: null,
    ...changes,
  }
}

describe('ledger/settlement', () => {
  const database = useDatabase()

  /** An interval in which prover 1 answers well, and prover 2 fails a user and refuses. */
  async function lived(db: Database, id: VerifierId): Promise<string[]> {
    await openInterval(db, id, 1)
    await db.tx((tx) =>
      insertPlan(
        tx,
        id,
        1,
        { rounds: 1, gpuUsPerWork: 3_000_000, gpuColdUs: 0, ...NO_SPOT_CHECKS, inputs: {} },
        [],
      ),
    )
    const one = await newJob(db, id)
    const two = await newJob(db, id)
    const rows = await startAttempts(db, id, [
      attempt(1, { n: 1 }),
      attempt(2, { n: 1 }),
      attempt(2, { inferenceId: one.inferenceId }),
      attempt(1, { inferenceId: one.inferenceId, attemptNo: 2 }),
      attempt(2, { inferenceId: two.inferenceId, gpus: 1 }),
    ])
    const [good, unanswered, failed, saved, busy] = rows.map((row) => row.requestId)
    await recordOutcomes(db, id, [
      success(good!),
      failure(failed!),
      success(saved!),
      failure(busy!, { outcome: 'refused', reason: 'refused', verdict: null, taken: [failed!] }),
    ])
    await insertVerdicts(db, id, 1, [verdict(good!, 1)])
    return [good!, unanswered!, failed!, saved!, busy!]
  }

  async function settleNow(tx: Tx, id: VerifierId, n: number): Promise<boolean> {
    const parts = await loadSettlement(tx, id, n)
    const settlement = settle({ ...parts, ...SETTLED_BY })
    return writeSettlement(tx, id, n, { settlement, record: recordFor(n), read: parts })
  }

  it('reads what happened in the interval, and nothing else', async () => {
    const { db } = database()
    const id = newVerifier()
    const [good, , failed, saved, busy] = await lived(db, id)
    const parts = await db.tx((tx) => loadSettlement(tx, id, 1))
    assert.deepEqual(
      parts.provers.map((row) => [row.uid, row.hasAddress, row.tier, row.scorePpm]),
      [
        [1, true, 'bronze', 0],
        [2, true, 'bronze', 0],
      ],
    )
    const answers = parts.answers.toSorted((a, b) => compareText(a.requestId, b.requestId))
    assert.deepEqual(
      answers.map((row) => [row.requestId, row.kind, row.outcome, row.apiKeyId]),
      [
        [good, 'challenge', 'success', null],
        [failed, 'inference', 'failure', 'local'],
        [saved, 'inference', 'success', 'local'],
        [busy, 'inference', 'refused', 'local'],
      ],
    )
    const age = Date.now() - answers[0]!.completedAtUs / 1000
    assert.ok(age >= 0 && age < 60_000, `recorded ${age} ms ago, by the database's clock`)
    assert.deepEqual(
      parts.checks.map((row) => [row.requestId, row.kind, row.requestKind, row.verdict]),
      [
        [good, 'challenge', 'challenge', 'pass'],
        [failed, 'answer', 'inference', 'fail'],
      ],
    )
    const { gpus, inFlight, taken } = answers.at(-1)!
    assert.deepEqual([gpus, inFlight, taken], [1, 0, [failed]])
    assert.deepEqual([parts.wideRounds, parts.window], [[], []])
    assert.equal(parts.certifiedUsPerWork, 3_000_000)
  })

  it('changes nothing the second time', async () => {
    const { db } = database()
    const id = newVerifier()
    await lived(db, id)
    assert.equal(await db.tx((tx) => settleNow(tx, id, 1)), true)
    const all = async () => ({
      result: await settledResult(db, id, 1),
      moves: await tierHistory(db, id, { limit: 10 }),
      standings: await standings(db, id),
    })
    const before = await all()
    assert.equal(before.result!.interval.phase, 'settled')
    assert.deepEqual(
      before.standings.map((row) => row.settledN),
      [1, 1],
    )
    assert.equal(await db.tx((tx) => settleNow(tx, id, 1)), false)
    const other = { ...resultFor(1), record: { ...recordFor(1), hash: 'other' } }
    assert.equal(await db.tx((tx) => writeSettlement(tx, id, 1, other)), false)
    assert.deepEqual(await all(), before)
  })

  it('is done once when two processes do it at the same time', async () => {
    const { db } = database()
    const id = newVerifier()
    await lived(db, id)
    // All have begun before the first goes on, else they might come one after the other.
    let begun = 0
    let allBegan = () => {}
    const barrier = new Promise<void>((resolve) => {
      allBegan = resolve
    })
    const settleTogether = () =>
      db.tx(async (tx) => {
        await tx.query('SELECT 1')
        begun += 1
        if (begun === 4) allBegan()
        await barrier
        return settleNow(tx, id, 1)
      })
    const done = await Promise.all(Array.from({ length: 4 }, settleTogether))
    assert.deepEqual(done.toSorted(), [false, false, false, true])
    const [first] = await standings(db, id)
    // One challenge passed and one user's request: counted once.
    assert.equal(first!.totalSuccesses, 2)
  })

  it('leaves nothing when it fails on the way', async () => {
    const { db } = database()
    const id = newVerifier()
    await lived(db, id)
    const standingBefore = await standings(db, id)
    await assert.rejects(
      db.tx(async (tx) => {
        await setPhase(tx, id, 1, 'settling', ['open'])
        await settleNow(tx, id, 1)
        throw new Error('the power went')
      }),
      /the power went/,
    )
    assert.equal((await intervalByN(db, id, 1))!.phase, 'open')
    assert.equal(await settledResult(db, id, 1), null)
    assert.deepEqual(await standings(db, id), standingBefore)
  })

  it('refuses a holder whose lease went to another', async () => {
    const { db } = database()
    const id = newVerifier()
    await lived(db, id)
    await acquireLease(db, id, 'stale')
    await db.execute(
      `UPDATE leases SET expires_at = clock_timestamp() - interval '1 second' WHERE verifier = $1`,
      [id.verifier],
    )
    await acquireLease(db, id, 'new')
    const settleWith = (fence: number) =>
      db.tx(async (tx) => {
        await assertFence(tx, id, fence)
        return settleNow(tx, id, 1)
      })
    await assert.rejects(
      settleWith(1),
      (error) => error instanceof LedgerError && error.code === 'lease_lost',
    )
    assert.equal(await settledResult(db, id, 1), null)
    assert.equal(await settleWith(2), true)
  })

  it('carries a cheat that is found later into the interval being settled', async () => {
    const { db } = database()
    const id = newVerifier()
    const [, , , saved] = await lived(db, id)
    await db.tx((tx) => settleNow(tx, id, 1))
    // Prover 1 has left the subnet meanwhile: it is settled all the same.
    await openInterval(db, id, 2, [2])
    await insertVerdicts(db, id, 2, [
      verdict(saved!, 1, {
        kind: 'audit',
        verdict: 'cheat',
        reason: 'hash_differs',
        rewardPpm: null,
      }),
    ])
    await db.tx((tx) => settleNow(tx, id, 2))
    const { scores } = (await settledResult(db, id, 2))!
    assert.deepEqual(
      scores.map((row) => [row.hotkey, row.cheats]),
      [
        [prover(1).hotkey, 1],
        [prover(2).hotkey, 0],
      ],
    )
  })

  it('gives what comes after it to the next interval', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const { inferenceId } = await newJob(db, id)
    const [row] = await startAttempts(db, id, [attempt(1, { inferenceId })])
    await db.tx((tx) => settleNow(tx, id, 1))
    assert.equal(await currentN(db, id), 2)
    const [recorded] = await recordOutcomes(db, id, [success(row!.requestId)])
    assert.equal(recorded!.n, 2)
    assert.deepEqual(await answersOfInterval(db, id, 1), [])
  })

  it('blocks no outcome while it reads and computes, and counts none of those', async () => {
    const { db } = database()
    const id = newVerifier()
    await lived(db, id)
    const { inferenceId } = await newJob(db, id)
    const [later] = await startAttempts(db, id, [attempt(1, { inferenceId })])
    await db.tx((tx) => closeInterval(tx, id, 1))
    const read = await db.snapshot(async (tx) => {
      const before = await loadSettlement(tx, id, 1)
      const [recorded] = await recordOutcomes(db, id, [success(later!.requestId)])
      assert.equal(recorded!.n, 2)
      assert.deepEqual(await loadSettlement(tx, id, 1), before)
      return before
    })
    const settlement = settle({ ...read, ...SETTLED_BY })
    const result = { settlement, record: recordFor(1), read }
    assert.equal(await db.tx((tx) => writeSettlement(tx, id, 1, result)), true)
    const [first] = await standings(db, id)
    assert.equal(first!.totalSuccesses, 2)
  })

  it('is refused if more of the interval was found since it was read, and counts it the next time', async () => {
    const { db } = database()
    const id = newVerifier()
    const [, unanswered, , saved] = await lived(db, id)
    const challenge = await db.query<{ hotkey: string }>(
      'SELECT hotkey FROM attempts WHERE request_id = $1',
      [unanswered],
    )
    assert.deepEqual(challenge, [{ hotkey: prover(2).hotkey }])
    await db.tx((tx) => closeInterval(tx, id, 1))
    const finds = [
      () => insertVerdicts(db, id, 1, [verdict(saved!, 1, { kind: 'spotcheck' })]),
      () => recordOutcomes(db, id, [success(unanswered!)]),
    ]
    // Its challenges are those of its plan.
    await db.execute(
      `INSERT INTO plan_items (netuid, verifier, n, request_id, round, k, hotkey, registered_block, moment_block,
         first_retry_block, second_retry_block, deadline_ms, body, body_sha256)
       SELECT netuid, verifier, n, request_id, 0, 0, hotkey, registered_block, 1, 1, 1, deadline_ms, body, body_sha256
       FROM attempts WHERE request_id = $1`,
      [unanswered],
    )
    for (const find of finds) {
      const read = await db.snapshot((tx) => loadSettlement(tx, id, 1))
      await find()
      await assert.rejects(
        db.tx((tx) => writeSettlement(tx, id, 1, { ...resultFor(1), read })),
        (error) =>
          error instanceof LedgerError && error.code === 'ledger_conflict' && error.retryable,
      )
      assert.equal(await settledResult(db, id, 1), null)
    }
    const parts = await db.snapshot((tx) => loadSettlement(tx, id, 1))
    assert.equal(parts.checks.length, 3)
    assert.equal(parts.answers.length, 5)
    assert.equal(await db.tx((tx) => settleNow(tx, id, 1)), true)
  })

  it('links records, and signs each once', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    await db.tx((tx) => settleNow(tx, id, 1))
    assert.equal(await previousRecord(db, id, 1), null)
    assert.equal((await previousRecord(db, id, 5))!.n, 1)
    await signRecord(db, id, 1, 'first')
    await signRecord(db, id, 1, 'second')
    const record = await recordOf(db, id, 1)
    assert.equal(record!.signature, 'first')
    assert.equal(await recordBody(db, id, 1), recordFor(1).body)
  })
})
