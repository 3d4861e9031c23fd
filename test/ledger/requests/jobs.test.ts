import assert from 'node:assert/strict'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { claimDirect, releaseDirect, renewDirect } from '../../../ledger/requests/direct-runs.js'
import { getFrames, putFrames } from '../../../ledger/requests/frames.js'
import { recentRequests } from '../../../ledger/requests/inference.js'
import {
  completeJob,
  deleteJob,
  failJob,
  getContent,
  getJob,
  insertJob,
  listUnstarted,
  markStarted,
  requestCancel,
  setProgress,
} from '../../../ledger/requests/jobs.js'
import { insertWebhook } from '../../../ledger/webhooks/webhooks.js'
import { useDatabase } from '../../support/postgres.js'
import { until } from '../../support/until.js'
import { attempt, failure, newJob, newVerifier, openInterval, success, uuid } from '../fixtures.js'

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
    const done = { winningRequestId, warnings: ['prompt_truncated'], keptMs: null }
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

  it('is cancelled immediately while no prover is at it, else by the worker that asks the prover', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const idle = await newJob(db, id)
    const ended = (await requestCancel(db, idle.id))!
    assert.deepEqual([ended.status, ended.errorCode], ['failed', 'cancelled'])
    assert.notEqual(ended.cancelRequestedAt, null)
    assert.deepEqual(await requestCancel(db, idle.id), ended)

    const busy = await newJob(db, id)
    const asked = attempt(1, { inferenceId: busy.inferenceId })
    await startAttempts(db, id, [asked])
    const noted = (await requestCancel(db, busy.id))!
    assert.deepEqual([noted.status, noted.errorCode, noted.completedAt], ['queued', null, null])
    assert.notEqual(noted.cancelRequestedAt, null)
    assert.deepEqual(await requestCancel(db, busy.id), noted)
    assert.equal(await failJob(db, busy.id, { code: 'cancelled', message: 'cancelled' }), true)

    const waiting = await newJob(db, id)
    const refused = attempt(1, { inferenceId: waiting.inferenceId })
    await startAttempts(db, id, [refused])
    await recordOutcomes(db, id, [
      { ...failure(refused.requestId), outcome: 'refused', reason: 'refused', verdict: null },
    ])
    assert.equal((await requestCancel(db, waiting.id))!.errorCode, 'cancelled')
    assert.equal(await requestCancel(db, 'video_000000000000000000000000'), null)
  })

  it('is cancelled immediately when the worker that asked its prover is gone for good', async () => {
    const { db } = database()
    const id = newVerifier()
    const job = await newJob(db, id)
    const asked = attempt(1, { inferenceId: job.inferenceId })
    await startAttempts(db, id, [asked])
    await setProgress(db, job.id, 10)
    assert.equal((await requestCancel(db, job.id))!.status, 'in_progress')
    const hoursAgo =
      "UPDATE attempts SET asked_at = now() - interval '2 hours' WHERE request_id = $1"
    await db.execute(hoursAgo, [asked.requestId])
    // Asked a second time too: the first one found it busy.
    const ended = (await requestCancel(db, job.id))!
    assert.deepEqual([ended.status, ended.errorCode], ['failed', 'cancelled'])
  })

  it('ends immediately when its owner deletes it while nobody runs it, and is announced to nobody', async () => {
    const { db } = database()
    const apiKeyId = `key_${'de'.repeat(12)}`
    await insertWebhook(
      db,
      {
        id: `whk_${'de'.repeat(12)}`,
        apiKeyId,
        url: 'https://example.com/x',
        events: ['video.completed', 'video.failed'],
        secret: Buffer.alloc(32, 1),
      },
      20,
    )
    const id = newVerifier()
    const events = () => db.query('SELECT 1 FROM webhook_events WHERE verifier = $1', [id.verifier])
    const queued = await newJob(db, id, { apiKeyId })
    await deleteJob(db, queued.id)
    assert.deepEqual((await getJob(db, queued.id))!.status, 'failed')
    const busy = await newJob(db, id, { apiKeyId })
    await startAttempts(db, id, [attempt(1, { inferenceId: busy.inferenceId })])
    await deleteJob(db, busy.id)
    assert.equal((await getJob(db, busy.id))!.status, 'queued')
    await failJob(db, busy.id, { code: 'cancelled', message: 'cancelled' })
    assert.deepEqual(await events(), [])
    const kept = await newJob(db, id, { apiKeyId })
    await failJob(db, kept.id, { code: 'generation_failed', message: 'failed' })
    assert.equal((await events()).length, 1)
  })

  it('loses its frames with its deletion once its interval is final, not before', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const deleted = async (final: boolean) => {
      const job = await newJob(db, id)
      const { requestId } = (
        await startAttempts(db, id, [attempt(1, { inferenceId: job.inferenceId })])
      )[0]!
      await putFrames(db, requestId, [{ index: 1, zlib: Buffer.of(1) }])
      await recordOutcomes(db, id, [success(requestId)])
      await completeJob(db, job.id, { winningRequestId: requestId, warnings: [], keptMs: null })
      const lapsed = `UPDATE intervals SET phase = 'lapsed', closed_at = now() WHERE verifier = $1`
      if (final) await db.execute(lapsed, [id.verifier])
      await deleteJob(db, job.id)
      return (await getFrames(db, requestId)).length
    }
    assert.equal(await deleted(false), 1)
    assert.equal(await deleted(true), 0)
  })

  it('is nobody’s when its direct run stops, and then its workflow’s', async () => {
    const { db } = database()
    const id = newVerifier()
    const unstarted = async () =>
      (await listUnstarted(db, id, { olderThanMs: 0, limit: 10 })).map((job) => job.id)
    const job = await newJob(db, id)
    assert.deepEqual(await unstarted(), [job.id])
    assert.equal(await claimDirect(db, newVerifier(), job.id, 60_000), false)
    assert.equal(await claimDirect(db, id, job.id, 60_000), true)
    assert.equal(await claimDirect(db, id, job.id, 60_000), false)
    assert.deepEqual(await unstarted(), [])
    await setProgress(db, job.id, 40)
    await renewDirect(db, job.id, 60_000)
    assert.deepEqual(await unstarted(), [])
    await releaseDirect(db, job.id)
    assert.deepEqual(await unstarted(), [job.id])
    await markStarted(db, job.id)
    assert.deepEqual(await unstarted(), [])
    const started = await newJob(db, id)
    await markStarted(db, started.id)
    assert.equal(await claimDirect(db, id, started.id, 60_000), false)
  })

  it('gets its files with its end, once, and none once it is deleted', async () => {
    const { db } = database()
    const file = (bytes: Buffer, sha256: string) => ({ mime: 'video/mp4', bytes, sha256 })
    const bytes = Buffer.alloc(100_000, 7)
    const files = { video: file(bytes, 'aa'), thumbnail: file(Buffer.of(2), 'cc') }
    const end = { winningRequestId: uuid(), warnings: [], keptMs: null, files }
    const { id } = await newJob(db, newVerifier())
    assert.equal(await getContent(db, id, 'video'), null)
    assert.equal(await completeJob(db, id, end), true)
    const other = { video: file(Buffer.of(1), 'bb'), thumbnail: file(Buffer.of(3), 'dd') }
    assert.equal(await completeJob(db, id, { ...end, files: other }), false)
    assert.deepEqual(await getContent(db, id, 'video'), files.video)
    assert.deepEqual(await getContent(db, id, 'thumbnail'), files.thumbnail)

    // Deleted while its worker was at the end of it.
    const gone = await newJob(db, newVerifier())
    await db.execute('UPDATE jobs SET deleted_at = now() WHERE id = $1', [gone.id])
    assert.equal(await completeJob(db, gone.id, end), true)
    assert.equal(await getContent(db, gone.id, 'video'), null)
  })

  it('stores no file when it is deleted while its completion waits for it', async () => {
    const { db } = database()
    const job = await newJob(db, newVerifier())
    const file = { mime: 'video/mp4', bytes: Buffer.of(1), sha256: 'aa' }
    const files = { video: file, thumbnail: file }
    let completing: Promise<boolean> | null = null
    await db.tx(async (tx) => {
      await tx.execute('UPDATE jobs SET deleted_at = now() WHERE id = $1', [job.id])
      const end = { winningRequestId: uuid(), warnings: [], keptMs: null, files }
      completing = completeJob(db, job.id, end)
      await until('it to wait', async () => {
        const waiting = await db.query(
          "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%INSERT INTO contents%'",
        )
        return waiting.length > 0
      })
    })
    assert.equal(await completing, true)
    assert.equal(await getContent(db, job.id, 'video'), null)
  })
})
