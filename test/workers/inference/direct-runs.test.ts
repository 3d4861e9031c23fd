import assert from 'node:assert/strict'
import { runDirect } from '../../../api/videos/create/direct-run.js'
import { attemptsOf } from '../../../ledger/requests/attempts.js'
import { getContent, getJob, type JobRow, requestCancel } from '../../../ledger/requests/jobs.js'
import { SILENT } from '../../chain/local-harness.js'
import { useSmallGrid } from '../../support/small-grid.js'
import { until } from '../../support/until.js'

describe('direct runs', function () {
  this.timeout(240_000)
  const grid = useSmallGrid({ apis: 0, provers: 2 })
  const never = new AbortController().signal

  const run = (job: JobRow, signal = never, changes: object = {}) =>
    runDirect(
      { inference: { ...grid().inference, ...changes }, randomSeed: () => 0, log: SILENT },
      job.id,
      signal,
    )
  const ended = (id: string) =>
    until(`the end of ${id}`, async () => {
      const job = (await getJob(grid().db, id))!
      return job.status === 'completed' || job.status === 'failed' ? job : null
    })

  it('make a video without a workflow, with the same rows', async () => {
    const job = await grid().newJob()
    assert.equal(await run(job), 'ended')
    const done = (await getJob(grid().db, job.id))!
    assert.equal(done.status, 'completed')
    assert.equal(done.progress, 100)
    assert.equal((await getContent(grid().db, job.id, 'video'))?.mime, 'video/mp4')
    const [attempt, ...others] = await attemptsOf(grid().db, job.inferenceId)
    assert.deepEqual([attempt?.outcome, others.length], ['success', 0])
    assert.equal(await grid().workflowOf(job.id), null)
  })

  it('fail over like the workflow does', async () => {
    const holds = grid().provers.map((prover) => prover.generator.hold())
    const job = await grid().newJob()
    const running = run(job)
    const [asked] = await until('its prover', async () => {
      const rows = await attemptsOf(grid().db, job.inferenceId)
      return rows.length > 0 && rows
    })
    const prover = grid().provers.find(({ hotkey }) => hotkey === asked!.hotkey)!
    prover.generator.broken = true
    for (const hold of holds) hold.release()
    assert.equal(await running, 'ended')
    prover.generator.broken = false
    assert.equal((await getJob(grid().db, job.id))?.status, 'completed')
    const outcomes = (await attemptsOf(grid().db, job.inferenceId)).map((row) => row.outcome)
    assert.deepEqual(outcomes, ['failure', 'success'])
  })

  it('are taken by nobody without the secret, twice, or once ended', async () => {
    const job = await grid().newJob()
    assert.equal(await run(job, never, { secret: 'another secret, long' }), 'unavailable')
    assert.equal((await getJob(grid().db, job.id))?.status, 'queued')
    const held = grid().provers.map((prover) => prover.generator.hold())
    const running = run(job)
    await until('its prover', async () => (await attemptsOf(grid().db, job.inferenceId)).length > 0)
    assert.equal(await run(job), 'unavailable')
    for (const hold of held) hold.release()
    assert.equal(await running, 'ended')
    assert.equal(await run(job), 'unavailable')
    assert.equal(await run({ ...job, id: `video_${'0'.repeat(24)}` }), 'unavailable')
  })

  it('go on when the API goes away, and stop when the user cancelled', async () => {
    const job = await grid().newJob()
    const holds = grid().provers.map((prover) => prover.generator.hold(2))
    const api = new AbortController()
    const running = run(job, api.signal)
    await until('progress', async () => (await getJob(grid().db, job.id))!.progress > 0)
    api.abort()
    assert.equal(await running, 'ended')
    for (const hold of holds) hold.release()
    assert.equal((await ended(job.id)).status, 'completed')

    const unwanted = await grid().newJob()
    const steps = grid().provers.map((prover) => prover.generator.hold(2))
    void run(unwanted)
    await until('progress', async () => (await getJob(grid().db, unwanted.id))!.progress > 0)
    await requestCancel(grid().db, unwanted.id)
    const stopped = await ended(unwanted.id)
    assert.deepEqual([stopped.status, stopped.errorCode], ['failed', 'cancelled'])
    const [attempt] = await attemptsOf(grid().db, unwanted.inferenceId)
    assert.deepEqual([attempt?.outcome, attempt?.reason], ['neutral', 'cancelled'])
    for (const hold of steps) hold.release()
    await until('the GPU', () => grid().provers.some((p) => p.generator.cancelledAt.includes(2)))
  })

  it('are handed to the workflow when the worker stops, and meet it harmlessly', async () => {
    const job = await grid().newJob()
    const holds = grid().provers.map((prover) => prover.generator.hold(2))
    const running = run(job)
    await until('progress', async () => (await getJob(grid().db, job.id))!.progress > 0)
    const began = grid().provers.flatMap((prover) => prover.generator.began).length
    await grid().stopWorker()
    assert.equal(await running, 'broken')
    assert.equal(await grid().workflowOf(job.id), 'RUNNING')
    for (const hold of holds) hold.release()
    await grid().startWorker()
    assert.equal((await ended(job.id)).status, 'completed')
    const rows = await attemptsOf(grid().db, job.inferenceId)
    assert.deepEqual(
      rows.map((row) => row.outcome),
      ['success'],
    )
    assert.ok(grid().provers.flatMap((prover) => prover.generator.began).length > began)
  })
})
