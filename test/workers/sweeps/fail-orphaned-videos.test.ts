import assert from 'node:assert/strict'
import { attemptsOf, startAttempts } from '../../../ledger/requests/attempts.js'
import { getJob } from '../../../ledger/requests/jobs.js'
import { startVideo } from '../../../temporal/start/start-video.js'
import { videoWorkflowId } from '../../../temporal/workflow-ids.js'
import { failOrphanedVideos } from '../../../workers/sweeps/fail-orphaned-videos.js'
import { attempt } from '../../ledger/fixtures.js'
import { useSmallGrid } from '../../support/small-grid.js'
import { until } from '../../support/until.js'

describe('jobs whose workflow an operator stopped', function () {
  this.timeout(240_000)
  const grid = useSmallGrid({ apis: 0, provers: 1 })

  it('fail immediately when it was cancelled', async () => {
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

  it('fail, those of running workflows and of provers that are still asked do not', async () => {
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
    const sweep = failOrphanedVideos(deps, client, { intervalMs: 50, silentS: 0 })
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
})
