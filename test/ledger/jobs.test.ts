import assert from 'node:assert/strict'
import { recentRequests } from '../../ledger/inference.js'
import {
  completeJob,
  failJob,
  getContent,
  getJob,
  insertJob,
  listUnstarted,
  markStarted,
  putContent,
  requestCancel,
  setProgress,
} from '../../ledger/jobs.js'
import { useDatabase } from '../support/postgres.js'
import { newJob, newVerifier, uuid } from './fixtures.js'

describe('ledger/jobs', () => {
  const database = useDatabase()
  const SOME = { limit: 100 }

  it('stores a job with its generation, once', async () => {
    const { db } = database()
    const id = newVerifier()
    const job = await newJob(db, id, { prompt: '😀 – ünïcode', seed: 4_294_967_295 })
    assert.deepEqual(
      [job.status, job.progress, job.prompt, job.seed, job.netuid],
      ['queued', 0, '😀 – ünïcode', 4_294_967_295, 18],
    )
    assert.deepEqual(await insertJob(db, id, { ...job, prompt: 'other' }), job)
    assert.deepEqual(
      (await recentRequests(db, id, 5)).map((row) => [row.id, row.jobId]),
      [[job.inferenceId, job.id]],
    )
    assert.equal(await getJob(db, 'video_000000000000000000000000'), null)
  })

  it('lists jobs whose workflow was not started', async () => {
    const { db } = database()
    const id = newVerifier()
    const job = await newJob(db, id)
    const unstarted = async (olderThanMs: number) =>
      (await listUnstarted(db, id, { olderThanMs, ...SOME })).map((row) => row.id)
    // Another verifier's worker leaves it alone: it has other provers, and another namespace.
    assert.deepEqual(await listUnstarted(db, newVerifier(), { olderThanMs: 0, ...SOME }), [])
    assert((await unstarted(0)).includes(job.id))
    assert(!(await unstarted(60_000)).includes(job.id))
    await markStarted(db, job.id)
    assert(!(await unstarted(0)).includes(job.id))
  })

  it('never goes back', async () => {
    const { db } = database()
    const { id } = await newJob(db, newVerifier())
    const winningRequestId = uuid()
    await setProgress(db, id, 40)
    await setProgress(db, id, 20)
    const running = await getJob(db, id)
    assert.deepEqual([running!.status, running!.progress], ['in_progress', 40])
    const done = { winningRequestId, warnings: ['prompt_truncated'], expiresAt: null }
    assert.equal(await completeJob(db, id, done), true)
    assert.equal(await completeJob(db, id, { ...done, winningRequestId: uuid() }), false)
    assert.equal(await failJob(db, id, { code: 'late', message: 'too late' }), false)
    await setProgress(db, id, 50)
    await requestCancel(db, id)
    const job = await getJob(db, id)
    assert.deepEqual(
      [job!.status, job!.progress, job!.winningRequestId, job!.warnings, job!.cancelRequestedAt],
      ['completed', 100, winningRequestId, ['prompt_truncated'], null],
    )
  })

  it('is cancelled by failing', async () => {
    const { db } = database()
    const { id } = await newJob(db, newVerifier())
    const asked = await requestCancel(db, id)
    assert.notEqual(asked!.cancelRequestedAt, null)
    assert.deepEqual((await requestCancel(db, id))!.cancelRequestedAt, asked!.cancelRequestedAt)
    assert.equal(await failJob(db, id, { code: 'cancelled', message: 'cancelled' }), true)
    assert.equal((await getJob(db, id))!.errorCode, 'cancelled')
    assert.equal(await requestCancel(db, 'video_000000000000000000000000'), null)
  })

  it('keeps the file that was made first', async () => {
    const { db } = database()
    const { id } = await newJob(db, newVerifier())
    assert.equal(await getContent(db, id, 'video'), null)
    const bytes = Buffer.alloc(100_000, 7)
    await putContent(db, id, 'video', { mime: 'video/mp4', bytes, sha256: 'aa' })
    await putContent(db, id, 'video', { mime: 'video/mp4', bytes: Buffer.of(1), sha256: 'bb' })
    assert.deepEqual(await getContent(db, id, 'video'), { mime: 'video/mp4', bytes, sha256: 'aa' })
  })
})
