import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import type { InferenceDeps } from '../../../activities/inference-deps.js'
import { attemptVideo } from '../../../activities/video/attempt-video.js'
import { finishVideo } from '../../../activities/video/finish-video.js'
import { KeptAnswers } from '../../../activities/video/kept-answers.js'
import { attemptsOf } from '../../../ledger/requests/attempts.js'
import { getContent, getJob, type JobRow } from '../../../ledger/requests/jobs.js'
import { videoWorkflowId } from '../../../temporal/workflow-ids.js'
import { useSmallGrid } from '../../support/small-grid.js'
import { until } from '../../support/until.js'

describe('an attempt that still has its frames', function () {
  this.timeout(240_000)
  const grid = useSmallGrid({ provers: 2, video: { steps: 1, width: 512, height: 512 } })
  let deps: InferenceDeps
  before(async () => {
    deps = await grid().inferenceDeps()
  })

  // A prover rests for up to two seconds after each request: with two of them, both may.
  beforeEach(() => grid().db.execute('UPDATE prover_routing SET paused_until = NULL'))

  const attempt = (job: JobRow) =>
    attemptVideo(deps, { jobId: job.id, attempt: 1 }, new AbortController().signal, () => undefined)
  const sha256Of = async (job: JobRow) => {
    const file = await getContent(grid().db, job.id, 'video')
    return file && createHash('sha256').update(file.bytes).digest('hex')
  }

  it('completes the job itself, with the file that would be made from the stored frames', async () => {
    const job = await grid().newJob()
    assert.deepEqual(await attempt(job), { kind: 'answered', finished: true })
    const done = (await getJob(grid().db, job.id))!
    const [winner] = await attemptsOf(grid().db, job.inferenceId)
    assert.deepEqual([done.status, done.winningRequestId], ['completed', winner!.requestId])
    const made = await sha256Of(job)
    assert.equal((await getContent(grid().db, job.id, 'thumbnail'))?.mime, 'image/png')
    await grid().db.execute('DELETE FROM contents WHERE job_id = $1', [job.id])
    await grid().db.execute(
      `UPDATE jobs SET status = 'in_progress', completed_at = NULL WHERE id = $1`,
      [job.id],
    )
    await finishVideo(deps, { jobId: job.id })
    assert.equal(await sha256Of(job), made)
  })

  it('leaves a large video, whose frames it did not keep, to be finished', async () => {
    const job = await grid().newJob({ width: 1024, height: 1024 })
    assert.deepEqual(await attempt(job), { kind: 'answered', finished: false })
    assert.equal((await getJob(grid().db, job.id))?.completedAt, null)
    await finishVideo(deps, { jobId: job.id })
    assert.equal((await getJob(grid().db, job.id))?.status, 'completed')
  })

  it('never completes a job with another answer than the ledger has', async () => {
    const job = await grid().newJob({ width: 1024, height: 1024 })
    assert.deepEqual(await attempt(job), { kind: 'answered', finished: false })
    const rows = await attemptsOf(grid().db, job.inferenceId)
    const [{ requestId, framesSha256 }] = rows as [(typeof rows)[number]]
    const frames = [Buffer.alloc(1024 * 1024 * 3), Buffer.alloc(1024 * 1024 * 3)]
    const kept = new KeptAnswers(deps, job)
    assert.equal(await kept.complete(rows), false)
    kept.add(requestId, 'ab'.repeat(32), frames)
    assert.equal(await kept.complete(rows), false)
    // Frames of which no file can be made.
    kept.add(requestId, framesSha256!, [])
    assert.equal(await kept.complete(rows), false)
    assert.equal(await getContent(grid().db, job.id, 'video'), null)
    assert.equal((await getJob(grid().db, job.id))?.completedAt, null)
  })

  it('spares its workflow another activity', async () => {
    const answer = await grid().post('/v1/videos', { prompt: 'x' })
    const { id } = (await answer.json()) as { id: string }
    // The API answers before it has started the workflow.
    await until('its workflow', async () => (await grid().workflowOf(id)) === 'COMPLETED')
    assert.equal((await getJob(grid().db, id))?.status, 'completed')
    const handle = grid().client.workflow.getHandle(videoWorkflowId(id))
    const { events } = await handle.fetchHistory()
    const activities = events?.flatMap(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? [],
    )
    assert.deepEqual(activities, ['attemptVideo'])
  })
})
