import assert from 'node:assert/strict'
import type { Database } from '../../ledger/database.js'
import { LedgerError } from '../../ledger/errors.js'
import { intervalByN, profileInForce } from '../../ledger/intervals/intervals.js'
import { insertPlan, planOf } from '../../ledger/intervals/plans.js'
import { decideWeights, weightSet } from '../../ledger/intervals/weights.js'
import { attemptsById, recordOutcomes, startAttempts } from '../../ledger/requests/attempts.js'
import { watchedJob } from '../../ledger/requests/job-watch.js'
import { getJob } from '../../ledger/requests/jobs.js'
import { TEST_PROFILE } from '../../rules/profile.js'
import { NO_SPOT_CHECKS } from '../support/no-spot-checks.js'
import { useDatabase } from '../support/postgres.js'
import { attempt, newJob, newVerifier, openInterval, success } from './fixtures.js'

/** What the error says must name the row and the member, and quote nothing. */
async function refused(read: Promise<unknown>, table: string, key: unknown, member: RegExp) {
  await assert.rejects(read, (error) => {
    assert.ok(error instanceof LedgerError, String(error))
    assert.equal(error.code, 'row_invalid')
    assert.deepEqual([error.details.table, error.details.key], [table, key])
    assert.ok(error.message.startsWith(`${table} ${key}: `), error.message)
    assert.match(error.message, member)
    assert.doesNotMatch(error.message, /secret/)
    return true
  })
}

describe('ledger: JSON in rows', () => {
  const database = useDatabase()

  function damage(db: Database, table: string, column: string, json: unknown): Promise<number> {
    return db.execute(`UPDATE ${table} SET ${column} = $1`, [JSON.stringify(json)])
  }

  it('an interval’s profile is held to what settling relies on', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    assert.deepEqual((await intervalByN(db, id, 1))!.profile, TEST_PROFILE)
    const { audits: _, ...older } = TEST_PROFILE
    const damaged: [unknown, RegExp][] = [
      [older, /profile\.audits/],
      [{ ...TEST_PROFILE, tiersRule: 'secret' }, /profile\.tiersRule/],
      [{ ...TEST_PROFILE, tierMinimums: { gold: 1 } }, /profile\.tierMinimums/],
      [{ ...TEST_PROFILE, movingAverageAlphaPpm: '50000' }, /profile\.movingAverageAlphaPpm/],
      ['secret', /profile is invalid/],
    ]
    for (const [profile, member] of damaged) {
      await damage(db, 'intervals', 'profile', profile)
      await refused(intervalByN(db, id, 1), 'intervals', 1, member)
      await refused(profileInForce(db, id), 'intervals', 1, member)
    }
    // A newer version may know more of it.
    await damage(db, 'intervals', 'profile', { ...TEST_PROFILE, more: 1 })
    assert.deepEqual((await intervalByN(db, id, 1))!.profile, { ...TEST_PROFILE, more: 1 })
  })

  it('the scores that weights are signed from are', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const facts = { neurons: [], ownUid: null, more: 1 }
    const input = {
      scores: [{ hotkey: 'p', uid: 1, scorePpm: 5 }],
      standingCheats: [],
      ...facts,
    }
    const set = { kind: 'weights', uids: [1], values: [65_535], input, reason: null } as const
    await db.tx((tx) => decideWeights(tx, id, 1, set))
    assert.deepEqual((await weightSet(db, id, 1))!.input, input)
    await damage(db, 'weight_sets', 'input', { ...input, scores: [{ hotkey: 'p', uid: 1 }] })
    await refused(weightSet(db, id, 1), 'weight_sets', 1, /input\.scores\.0\.scorePpm/)
    await damage(db, 'weight_sets', 'input', { ...facts, scores: [] })
    await refused(weightSet(db, id, 1), 'weight_sets', 1, /input\.standingCheats/)
  })

  it('what a plan was drawn from is an object', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const header = { rounds: 1, gpuUsPerWork: 3, gpuColdUs: 0, ...NO_SPOT_CHECKS, inputs: { n: 1 } }
    await db.tx((tx) => insertPlan(tx, id, 1, header, []))
    assert.deepEqual((await planOf(db, id, 1))!.inputs, { n: 1 })
    await damage(db, 'plans', 'inputs', ['secret'])
    await refused(planOf(db, id, 1), 'plans', 1, /inputs is invalid/)
  })

  it('timings and warnings of attempts and jobs are', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const [row] = await startAttempts(db, id, [attempt(1, { n: 1 })])
    const { requestId } = row!
    await recordOutcomes(db, id, [success(requestId)])
    await damage(db, 'attempts', 'timings', { total_us: 'secret' })
    await refused(attemptsById(db, [requestId]), 'attempts', requestId, /timings\.total_us/)
    const { id: jobId } = await newJob(db, id)
    await damage(db, 'jobs', 'warnings', [1])
    await refused(getJob(db, jobId), 'jobs', jobId, /warnings\.0/)
    await refused(watchedJob(db, jobId), 'jobs', jobId, /warnings\.0/)
  })
})
