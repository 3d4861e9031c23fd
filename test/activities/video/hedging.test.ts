import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { InferenceDeps } from '../../../activities/inference-deps.js'
import { attemptVideo } from '../../../activities/video/attempt-video.js'
import { type AttemptRow, attemptsOf } from '../../../ledger/requests/attempts.js'
import { getJob, type JobRow, requestCancel } from '../../../ledger/requests/jobs.js'
import { runVideo } from '../../../workers/inference/run-video.js'
import { useSmallGrid } from '../../support/small-grid.js'
import { until } from '../../support/until.js'

const FLOOR_MS = 80
/** Where a prover is to begin in time, on a busy machine too. */
const SLOW_FLOOR_MS = 1500

describe('hedging', function () {
  this.timeout(240_000)
  const grid = useSmallGrid({ apis: 0, worker: 'none', provers: 3 })
  const never = new AbortController().signal
  let deps: InferenceDeps

  before(async () => {
    deps = await grid().inferenceDeps({ hedgeFloorMs: FLOOR_MS })
  })
  /** What was outpaced before, failed or has just ended is no part of what follows. */
  const cleanSlate = () =>
    grid().db.execute(
      'UPDATE prover_routing SET outpaced = 0, failures_in_a_row = 0, refused_until = NULL, paused_until = NULL',
    )
  beforeEach(cleanSlate)

  const rowsOf = (job: JobRow) => attemptsOf(grid().db, job.inferenceId)
  const rowsWith = (job: JobRow, count: number): Promise<AttemptRow[]> =>
    until(`${count} attempts`, async () => {
      const rows = await rowsOf(job)
      return rows.length >= count && rows
    })
  const proverOf = (row: AttemptRow) => grid().provers.find(({ hotkey }) => hotkey === row.hotkey)!
  const outcomes = async (job: JobRow) =>
    (await rowsOf(job)).map((row) => [row.attemptNo, row.hedge, row.outcome, row.reason])

  it('asks a second prover when the first does not begin; the loser is neutral', async () => {
    const holds = grid().provers.map(({ generator }) => generator.hold())
    const job = await grid().newJob()
    const run = runVideo(deps, job.id, never)
    const [first, second] = await rowsWith(job, 2)
    assert.notEqual(first!.hotkey, second!.hotkey)
    holds[grid().provers.indexOf(proverOf(second!))]!.release()
    await run
    assert.deepEqual(await outcomes(job), [
      [1, false, 'neutral', 'outpaced'],
      [1, true, 'success', 'served'],
    ])
    const done = (await getJob(grid().db, job.id))!
    assert.deepEqual([done.status, done.winningRequestId], ['completed', second!.requestId])
    const verdicts = await grid().db.query('SELECT 1 FROM verdicts WHERE request_id = $1', [
      first!.requestId,
    ])
    assert.deepEqual(verdicts, [])
    for (const hold of holds) hold.release()
    await until('the loser to stop', () => proverOf(first!).generator.cancelledAt.length > 0)
  })

  it('lets the first one win when it begins first after all', async () => {
    const holds = grid().provers.map(({ generator }) => generator.hold())
    const job = await grid().newJob()
    const run = runVideo(deps, job.id, never)
    const [first] = await rowsWith(job, 2)
    holds[grid().provers.indexOf(proverOf(first!))]!.release()
    await run
    assert.deepEqual(await outcomes(job), [
      [1, false, 'success', 'served'],
      [1, true, 'neutral', 'outpaced'],
    ])
    for (const hold of holds) hold.release()
  })

  it('never asks a second one after progress, nor where there is no other', async () => {
    const holds = grid().provers.map(({ generator }) => generator.hold(2))
    const job = await grid().newJob()
    const slow = await grid().inferenceDeps({ hedgeFloorMs: SLOW_FLOOR_MS })
    const run = runVideo(slow, job.id, never)
    await until('progress', async () => (await getJob(grid().db, job.id))!.progress > 0)
    await sleep(1.2 * SLOW_FLOOR_MS)
    for (const hold of holds) hold.release()
    await run
    assert.equal((await rowsOf(job)).length, 1)

    const [only, ...others] = grid().provers
    const reachable = (hotkeys: string[], yes: boolean) =>
      grid().db.execute(
        `UPDATE interval_provers SET reachable = $2, unreachable_reason = CASE WHEN $2 THEN NULL ELSE 'away' END
         WHERE hotkey = ANY ($1)`,
        [hotkeys, yes],
      )
    const away = others.map(({ hotkey }) => hotkey)
    await reachable(away, false)
    const held = only!.generator.hold()
    const lonely = await grid().newJob()
    const alone = runVideo(deps, lonely.id, never)
    await rowsWith(lonely, 1)
    await sleep(3 * FLOOR_MS)
    held.release()
    await alone
    await reachable(away, true)
    assert.deepEqual(await outcomes(lonely), [[1, false, 'success', 'served']])
  })

  it('is taken up again after a crash, with the same two and one success', async () => {
    const holds = grid().provers.map(({ generator }) => generator.hold())
    const job = await grid().newJob()
    const crash = new AbortController()
    const attempt = attemptVideo(deps, { jobId: job.id, attempt: 1 }, crash.signal, () => undefined)
    const before = await rowsWith(job, 2)
    crash.abort()
    await assert.rejects(attempt)
    for (const hold of holds) hold.release()
    await runVideo(deps, job.id, never)
    const rows = await rowsOf(job)
    assert.deepEqual(
      rows.map(({ requestId }) => requestId),
      before.map(({ requestId }) => requestId),
    )
    assert.deepEqual(rows.map(({ outcome }) => outcome).sort(), ['neutral', 'success'])
    assert.equal((await getJob(grid().db, job.id))!.status, 'completed')
  })

  it('takes no "step 0" for a beginning', async () => {
    const holds = grid().provers.map(({ generator }) => generator.hold())
    for (const { generator } of grid().provers) generator.hasty = true
    const job = await grid().newJob()
    const run = runVideo(deps, job.id, never)
    const [, second] = await rowsWith(job, 2)
    holds[grid().provers.indexOf(proverOf(second!))]!.release()
    await run
    for (const { generator } of grid().provers) generator.hasty = false
    assert.deepEqual(await outcomes(job), [
      [1, false, 'neutral', 'outpaced'],
      [1, true, 'success', 'served'],
    ])
    for (const hold of holds) hold.release()
  })

  it('has one success when a direct run and its workflow each wait for another prover', async () => {
    const slow = await grid().inferenceDeps({ hedgeFloorMs: 600 })
    const holds = grid().provers.map(({ generator }) => generator.hold())
    const job = await grid().newJob()
    const input = { jobId: job.id, attempt: 1 }
    const direct = attemptVideo(slow, input, never, () => undefined)
    await rowsWith(job, 1)
    // The lease lapsed: the workflow takes it up before the second prover is asked, and waits for the first.
    let sent = 0
    const beat = () => {
      sent += 1
    }
    const workflow = attemptVideo(slow, input, never, beat)
    const [first, second] = await rowsWith(job, 2)
    const slot = (row: AttemptRow) => grid().provers.indexOf(proverOf(row))
    // The second begins, so that the direct run waits for it alone; it is slow.
    const late = proverOf(second!).generator
    await until('the second prover', () => late.began.length > 0)
    const held = late.hold(2)
    await until('its progress', async () => (await getJob(grid().db, job.id))!.progress > 0)
    holds[slot(first!)]!.release()
    assert.deepEqual(await workflow, { kind: 'answered', finished: true })
    held.release()
    // It has no frames of the answer that counts, and leaves the rest to who has.
    assert.deepEqual(await direct, { kind: 'answered', finished: false })
    assert.ok(sent > 0)
    assert.deepEqual(await outcomes(job), [
      [1, false, 'success', 'served'],
      [1, true, 'neutral', 'outpaced'],
    ])
    for (const hold of holds) hold.release()
  })

  it('ends with both when the user cancels, and fails over when both fail', async () => {
    const holds = grid().provers.map(({ generator }) => generator.hold())
    const job = await grid().newJob()
    const run = runVideo(deps, job.id, never)
    await rowsWith(job, 2)
    await requestCancel(grid().db, job.id)
    await run
    assert.equal((await getJob(grid().db, job.id))!.errorCode, 'cancelled')
    assert.deepEqual(await outcomes(job), [
      [1, false, 'neutral', 'cancelled'],
      [1, true, 'neutral', 'cancelled'],
    ])
    for (const hold of holds) hold.release()

    await cleanSlate()
    const again = grid().provers.map(({ generator }) => generator.hold())
    const other = await grid().newJob()
    const failing = runVideo(deps, other.id, never)
    const rows = await rowsWith(other, 2)
    for (const row of rows) proverOf(row).generator.broken = true
    for (const hold of again) hold.release()
    await failing
    for (const row of rows) proverOf(row).generator.broken = false
    assert.equal((await getJob(grid().db, other.id))!.status, 'completed')
    const found = await outcomes(other)
    assert.deepEqual(
      found.map(([no, hedge, outcome]) => [no, hedge, outcome]),
      [
        [1, false, 'failure'],
        [1, true, 'failure'],
        [2, false, 'success'],
      ],
    )
  })
})
