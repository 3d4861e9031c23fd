import assert from 'node:assert/strict'
import { attemptsOf, startAttempts } from '../../../ledger/requests/attempts.js'
import { getJob } from '../../../ledger/requests/jobs.js'
import { startVideo } from '../../../temporal/start/start-video.js'
import { INFERENCE_QUEUE } from '../../../temporal/task-queues.js'
import { videoWorkflowId } from '../../../temporal/workflow-ids.js'
import { tendOrphanedVideos } from '../../../workers/sweeps/orphaned-videos.js'
import { attempt } from '../../ledger/fixtures.js'
import { useSmallGrid } from '../../support/small-grid.js'
import { until } from '../../support/until.js'

describe('jobs that no workflow will end', function () {
  this.timeout(240_000)
  const grid = useSmallGrid({ apis: 0, provers: 1 })

  it('fail immediately when their workflow was cancelled', async () => {
    const { db, client } = grid()
    const held = grid().provers[0]!.generator.hold()
    const job = await grid().newJob()
    await startVideo(db, client, job.id)
    await until('its prover', async () => (await attemptsOf(db, job.inferenceId)).length > 0)
    await client.workflow.getHandle(videoWorkflowId(job.id)).cancel()
    await until('the end', async () => (await getJob(db, job.id))!.status === 'failed')
    assert.equal((await getJob(db, job.id))!.errorCode, 'internal_error')
    await until('its workflow', async () => (await grid().workflowOf(job.id)) === 'CANCELLED')
    held.release()
  })

  it('fail when it was terminated; not those of running workflows and of provers that are still asked', async () => {
    const { db } = grid()
    const { client } = grid()
    await grid().stopWorker()
    const deps = await grid().inferenceDeps()
    const [terminated, running, asked] = [
      await grid().newJob(),
      await grid().newJob(),
      await grid().newJob(),
    ]
    // Nobody polls: these workflows wait until somebody ends them.
    for (const job of [terminated, running, asked]) await startVideo(db, client, job.id)
    for (const job of [terminated, asked]) {
      await client.workflow.getHandle(videoWorkflowId(job.id)).terminate('by hand')
    }
    await startAttempts(db, grid().id, [attempt(1, { inferenceId: asked.inferenceId })])
    const sweep = tendOrphanedVideos(deps, client, { intervalMs: 50, silentS: 0 })
    try {
      await until('the end', async () => (await getJob(db, terminated.id))!.status === 'failed')
      assert.equal((await getJob(db, terminated.id))!.errorCode, 'internal_error')
      assert.equal((await getJob(db, running.id))!.status, 'queued')
      assert.equal((await getJob(db, asked.id))!.status, 'queued')
    } finally {
      sweep.stop()
      await client.workflow.getHandle(videoWorkflowId(running.id)).terminate('the test is over')
    }
  })

  it('go on when Temporal lost it, or completed it before the ledger was restored', async () => {
    const { db, client } = grid()
    const [lost, ahead] = [await grid().newJob(), await grid().newJob()]
    for (const job of [lost, ahead]) {
      // As it stood in the ledger when a backup was made: started, and no attempt yet.
      await db.execute('UPDATE jobs SET workflow_started_at = now() WHERE id = $1', [job.id])
    }
    await client.workflow.start('generateVideo', {
      workflowId: videoWorkflowId(ahead.id),
      taskQueue: INFERENCE_QUEUE,
      args: [{ jobId: 'video_that_is_gone' }],
    })
    await grid().startWorker()
    await until('an end in Temporal', async () => {
      return (await grid().workflowOf(ahead.id)) === 'COMPLETED'
    })
    const deps = await grid().inferenceDeps()
    const sweep = tendOrphanedVideos(deps, client, { intervalMs: 50, silentS: 0 })
    try {
      for (const job of [lost, ahead]) {
        await until('the video', async () => (await getJob(db, job.id))!.status === 'completed')
        const attempts = await attemptsOf(db, job.inferenceId)
        assert.deepEqual(
          attempts.map(({ outcome }) => outcome),
          ['success'],
        )
      }
    } finally {
      sweep.stop()
    }
  })
})
