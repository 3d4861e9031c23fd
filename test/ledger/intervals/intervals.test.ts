import assert from 'node:assert/strict'
import type { Database } from '../../../ledger/database.js'
import { LedgerError } from '../../../ledger/errors.js'
import {
  announceInterval,
  closeInterval,
  type IntervalPhase,
  intervalByN,
  lapseInterval,
  lastSettled,
  latestInterval,
  listIntervals,
  markMissed,
  openIntervalRow,
  setFailure,
  setPhase,
} from '../../../ledger/intervals/intervals.js'
import { getSecret, putSecret } from '../../../ledger/intervals/secrets.js'
import { writeSettlement } from '../../../ledger/intervals/settlement.js'
import {
  answersOfInterval,
  recordOutcomes,
  startAttempts,
} from '../../../ledger/requests/attempts.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { TEST_PROFILE } from '../../../rules/profile.js'
import { useDatabase } from '../../support/postgres.js'
import {
  attempt,
  currentN,
  LENGTH,
  newJob,
  newVerifier,
  openInterval,
  resultFor,
  success,
} from '../fixtures.js'

const hasCode = (code: string) => (error: unknown) =>
  error instanceof LedgerError && error.code === code

describe('ledger/intervals', () => {
  const database = useDatabase()

  const close = (db: Database, id: VerifierId, n: number) => db.tx((tx) => closeInterval(tx, id, n))

  it('follow one another without a gap', async () => {
    const { db } = database()
    const id = newVerifier()
    const bounds = (n: number, firstBlock: number) => ({ n, firstBlock, length: LENGTH })
    await assert.rejects(
      announceInterval(db, id, bounds(2, 500)),
      hasCode('interval_not_contiguous'),
    )
    await announceInterval(db, id, bounds(1, 500))
    await assert.rejects(
      announceInterval(db, id, bounds(2, 521)),
      hasCode('interval_not_contiguous'),
    )
    await markMissed(db, id, bounds(2, 520), 'ledger_down')
    await announceInterval(db, id, bounds(3, 540))
    // What was recorded first stands.
    assert.equal((await announceInterval(db, id, bounds(1, 777))).firstBlock, 500)
    assert.equal((await markMissed(db, id, bounds(3, 540), 'chain_down')).phase, 'missed')
    assert.deepEqual(
      (await listIntervals(db, id, { limit: 2 })).map((row) => [
        row.n,
        row.phase,
        row.missedBecause,
      ]),
      [
        [3, 'missed', 'chain_down'],
        [2, 'missed', 'ledger_down'],
      ],
    )
    assert.deepEqual(
      (await listIntervals(db, id, { limit: 9, before: 2 })).map((row) => row.n),
      [1],
    )
    assert.equal((await latestInterval(db, id))!.n, 3)
  })

  it('are announced once when two processes do it', async () => {
    const { db } = database()
    const id = newVerifier()
    const rows = await Promise.all(
      [500, 600, 700].map((firstBlock) =>
        announceInterval(db, id, { n: 1, firstBlock, length: LENGTH }),
      ),
    )
    assert.equal(new Set(rows.map((row) => row.firstBlock)).size, 1)
  })

  it('only move on', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const move = (phase: 'rounds' | 'audit' | 'settling', from: IntervalPhase[]) =>
      db.tx((tx) => setPhase(tx, id, 1, phase, from))
    assert.equal(await move('rounds', ['open']), 'rounds')
    assert.equal(await move('audit', ['rounds']), 'audit')
    assert.equal(await move('rounds', ['open']), 'audit')
    // A reset workflow opens again, and finds what there was.
    const again = await openInterval(db, id, 1)
    assert.equal(again.phase, 'audit')
    await setFailure(db, id, 1, 'LedgerUnavailable: start Postgres')
    assert.equal(await db.tx((tx) => lapseInterval(tx, id, 1)), 'lapsed')
    assert.equal(await move('settling', ['audit', 'lapsed']), 'lapsed')
    await assert.rejects(openInterval(db, id, 1), hasCode('interval_final'))
    const row = await intervalByN(db, id, 1)
    assert.equal(row!.failure, 'LedgerUnavailable: start Postgres')
    assert.deepEqual(row!.profile, TEST_PROFILE)
    assert.notEqual(row!.closedAt, null)
    assert.equal(await lastSettled(db, id), null)
  })

  it('do not open once missed', async () => {
    const { db } = database()
    const id = newVerifier()
    await markMissed(db, id, { n: 1, firstBlock: 500, length: LENGTH }, 'verifier_down')
    const opening = {
      n: 1,
      firstBlockHash: 'ab',
      openedAfter: null,
      profile: TEST_PROFILE,
    }
    await assert.rejects(
      db.tx((tx) => openIntervalRow(tx, id, opening)),
      hasCode('interval_final'),
    )
  })

  it('take the outcomes of their time', async () => {
    const { db } = database()
    const id = newVerifier()
    assert.equal(await currentN(db, id), 1)
    await announceInterval(db, id, { n: 1, firstBlock: 1000, length: LENGTH })
    assert.equal(await currentN(db, id), 1)
    await openInterval(db, id, 1)
    await announceInterval(db, id, { n: 2, firstBlock: 1020, length: LENGTH })
    assert.equal(await currentN(db, id), 1)
    await close(db, id, 1)
    assert.equal(await currentN(db, id), 2)
    // Interval 1's workflow may have failed before it closed: opening the next does it.
    await openInterval(db, id, 2)
    await openInterval(db, id, 3)
    assert.equal(await currentN(db, id), 3)
    assert.notEqual((await intervalByN(db, id, 2))!.closedAt, null)
    await close(db, id, 3)
    assert.equal(await currentN(db, id), 4)
  })

  it('lose no outcome, and take none twice, when they close while outcomes come', async () => {
    const { db } = database()
    const id = newVerifier()
    const total = 120
    await openInterval(db, id, 1)
    const jobs = await Promise.all(Array.from({ length: total }, () => newJob(db, id)))
    const rows = await startAttempts(
      db,
      id,
      jobs.map(({ inferenceId }) => attempt(1, { inferenceId })),
    )
    const seen = new Map<number, string[]>()
    const judge = async () => {
      for (const n of [1, 2, 3]) {
        await close(db, id, n)
        // Read at once, as settling does: what comes later must not be in n.
        seen.set(
          n,
          (await answersOfInterval(db, id, n)).map((row) => row.requestId),
        )
        await openInterval(db, id, n + 1)
      }
    }
    const record = async () => {
      for (let i = 0; i < total; i += 4) {
        await Promise.all(
          rows.slice(i, i + 4).map((row) => recordOutcomes(db, id, [success(row.requestId)])),
        )
      }
    }
    await Promise.all([judge(), record()])
    seen.set(
      4,
      (await answersOfInterval(db, id, 4)).map((row) => row.requestId),
    )
    const all = [...seen.values()].flat()
    assert.equal(all.length, total)
    assert.deepEqual(all.toSorted(), rows.map((row) => row.requestId).toSorted())
  })

  it('settle strictly in order of n', async () => {
    const { db } = database()
    const id = newVerifier()
    const settle = (n: number) => db.tx((tx) => writeSettlement(tx, id, n, resultFor(n)))
    await openInterval(db, id, 1)
    await openInterval(db, id, 2)
    await assert.rejects(
      settle(2),
      (error) => hasCode('settlement_out_of_order')(error) && (error as LedgerError).retryable,
    )
    await db.tx((tx) => lapseInterval(tx, id, 1))
    await assert.rejects(settle(1), hasCode('interval_final'))
    assert.equal(await settle(2), true)
    assert.equal((await lastSettled(db, id))!.n, 2)
    assert.equal(await db.tx((tx) => lapseInterval(tx, id, 2)), 'settled')
  })

  it('keep the secret that was stored first', async () => {
    const { db } = database()
    const id = newVerifier()
    const row = { commitmentSha256: 'aa', commitmentSignature: 'bb' }
    const first = await putSecret(db, id, 1, { ...row, secret: Buffer.alloc(32, 1) })
    const second = await putSecret(db, id, 1, { ...row, secret: Buffer.alloc(32, 2) })
    assert.deepEqual(second, first)
    assert.deepEqual((await getSecret(db, id, 1))!.secret, Buffer.alloc(32, 1))
    assert.equal(await getSecret(db, id, 2), null)
  })
})
