import assert from 'node:assert/strict'
import { once } from 'node:events'
import pg from 'pg'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { claimDirect, renewDirect } from '../../../ledger/requests/direct-runs.js'
import { getFrames, putFrames } from '../../../ledger/requests/frames.js'
import { type JobList, listJobs } from '../../../ledger/requests/job-list.js'
import { JOBS_CHANNEL } from '../../../ledger/requests/job-signals.js'
import { watchedJob } from '../../../ledger/requests/job-watch.js'
import {
  completeJob,
  deleteJob,
  markStarted,
  setProgress,
  setQueuePosition,
} from '../../../ledger/requests/jobs.js'
import { useDatabase } from '../../support/postgres.js'
import { attempt, failure, newJob, newVerifier, openInterval, success } from '../fixtures.js'

/** Of a page. */
const TWO = { limit: 2, maxTextBytes: 1_000 }

const frame = (index: number) => ({ index, zlib: Buffer.from([index]) })

describe('ledger/job-watch', () => {
  const database = useDatabase()
  const id = newVerifier()
  before(() => openInterval(database().db, id, 1))

  const asked = async (inferenceId: string, uid: number, attemptNo: number) => {
    const row = attempt(uid, { inferenceId, attemptNo })
    await startAttempts(database().db, id, [row])
    return row.requestId
  }
  const shown = async (jobId: string) => {
    const job = await watchedJob(database().db, jobId)
    return [job!.framesOf, job!.framesStored]
  }

  it('shows the frames of the newest attempt that has any, then of the winning one', async () => {
    const { db } = database()
    const job = await newJob(db, id)
    assert.deepEqual(await shown(job.id), [null, 0])
    const first = await asked(job.inferenceId, 1, 1)
    await putFrames(db, first, [frame(1), frame(2)])
    const second = await asked(job.inferenceId, 2, 2)
    assert.deepEqual(await shown(job.id), [first, 2])
    await putFrames(db, second, [frame(1)])
    assert.deepEqual(await shown(job.id), [second, 1])
    await recordOutcomes(db, id, [success(first), failure(second)])
    const end = { winningRequestId: first, warnings: [], keptMs: null }
    await completeJob(db, job.id, end)
    assert.deepEqual(await shown(job.id), [first, 2])
    assert.equal((await watchedJob(db, job.id))?.prover, 'prover-1')
    assert.equal(await watchedJob(db, 'video_000000000000000000000000'), null)
  })

  it('reads frames from one on', async () => {
    const { db } = database()
    const requestId = await asked((await newJob(db, id)).inferenceId, 1, 1)
    await putFrames(db, requestId, [1, 2, 3, 4].map(frame))
    const page = await getFrames(db, requestId, { from: 2, limit: 2 })
    assert.deepEqual(page, [frame(2), frame(3)])
  })

  it('frames and changes notify of their job; a challenge’s frames notify nobody', async () => {
    const { db, url } = database()
    const job = await newJob(db, id)
    const challenge = attempt(1, { n: 1 })
    await startAttempts(db, id, [challenge])
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    try {
      await client.query(`LISTEN ${JOBS_CHANNEL}`)
      const told = async (change: () => Promise<unknown>) => {
        const note = once(client, 'notification')
        await change()
        const [{ payload }] = (await note) as [pg.Notification]
        return payload
      }
      const requestId = await asked(job.inferenceId, 1, 1)
      assert.equal(await told(() => putFrames(db, requestId, [frame(1)])), job.id)
      assert.equal(await told(() => setQueuePosition(db, job.id, 3)), job.id)
      // Of these only the last one tells.
      const run = await newJob(db, id)
      assert.ok(await claimDirect(db, id, run.id, 60_000))
      await renewDirect(db, run.id, 60_000)
      await markStarted(db, run.id)
      await putFrames(db, challenge.requestId, [frame(1)])
      await putFrames(db, requestId, [])
      await setQueuePosition(db, job.id, 3)
      const other = await newJob(db, id)
      assert.equal(await told(() => setProgress(db, other.id, 1)), other.id)
    } finally {
      await client.end()
    }
  })

  it('nobody is before a request that is at work, nor before one that has ended', async () => {
    const { db } = database()
    const job = await newJob(db, id)
    const position = async () => (await watchedJob(db, job.id))?.queuePosition
    await setQueuePosition(db, job.id, 2)
    assert.equal(await position(), 2)
    await setProgress(db, job.id, 0)
    assert.equal(await position(), 2)
    await setProgress(db, job.id, 10)
    assert.equal(await position(), 0)
    await setQueuePosition(db, job.id, null)
    assert.equal(await position(), null)
    const requestId = await asked(job.inferenceId, 1, 1)
    await recordOutcomes(db, id, [success(requestId)])
    await completeJob(db, job.id, { winningRequestId: requestId, warnings: [], keptMs: null })
    await setQueuePosition(db, job.id, 1)
    assert.equal(await position(), null)
  })

  it('lists jobs made in the same moment once each, in either order', async () => {
    const { db } = database()
    const apiKeyId = 'key-of-the-list'
    const made = await Promise.all(Array.from({ length: 5 }, () => newJob(db, id, { apiKeyId })))
    await db.execute('UPDATE jobs SET created_at = $1 WHERE api_key_id = $2', [
      new Date('2026-11-22T12:00:00Z'),
      apiKeyId,
    ])
    await deleteJob(db, made[2]!.id)
    const expected = made.filter((_, i) => i !== 2).map((job) => job.id)
    for (const order of ['asc', 'desc'] as const) {
      const seen: string[] = []
      for (let after: string | null = null; ; after = seen.at(-1)!) {
        const page: JobList | null = await listJobs(db, apiKeyId, { ...TWO, order, after })
        seen.push(...page!.rows.map((job) => job.id))
        if (!page!.more) break
      }
      assert.deepEqual(seen, order === 'asc' ? expected.toSorted() : expected.toSorted().reverse())
    }
    const after = made[2]!.id
    assert.ok((await listJobs(db, apiKeyId, { ...TWO, order: 'asc', after }))!.rows.length < 5)
    assert.equal(await listJobs(db, 'another', { ...TWO, order: 'asc', after }), null)
  })

  it('ends a page of jobs where their texts pass its bytes, and has one at least', async () => {
    const { db } = database()
    const apiKeyId = 'key-of-long-texts'
    const texts = [{ prompt: 'ä'.repeat(20) }, { negativePrompt: 'x'.repeat(40) }, {}]
    const made: string[] = []
    for (const text of texts) {
      made.push((await newJob(db, id, { apiKeyId, prompt: 'x', ...text })).id)
    }
    const seen = async (maxTextBytes: number, limit: number) => {
      const page = { order: 'asc', limit, maxTextBytes, after: null } as const
      const { rows, more } = (await listJobs(db, apiKeyId, page))!
      return [rows.map((job) => job.id), more]
    }
    assert.deepEqual(await seen(1, 9), [made.slice(0, 1), true])
    assert.deepEqual(await seen(40, 9), [made.slice(0, 1), true])
    assert.deepEqual(await seen(41, 9), [made.slice(0, 2), true])
    assert.deepEqual(await seen(82, 9), [made, false])
    assert.deepEqual(await seen(82, 2), [made.slice(0, 2), true])
  })
})
