import assert from 'node:assert/strict'
import type { InferenceDeps } from '../../../activities/inference-deps.js'
import { attemptVideo } from '../../../activities/video/attempt-video.js'
import { attemptsOf } from '../../../ledger/requests/attempts.js'
import type { JobRow } from '../../../ledger/requests/jobs.js'
import { useSmallGrid } from '../../support/small-grid.js'

const HOUR_MS = 3_600_000

describe('a user’s request and wrong clocks', function () {
  this.timeout(240_000)
  const grid = useSmallGrid({ apis: 0, worker: 'none', provers: 3 })
  const never = new AbortController().signal
  let deps: InferenceDeps

  before(async () => {
    deps = await grid().inferenceDeps()
  })
  // Each test's provers have a clean slate.
  beforeEach(() => grid().forgetFailures())

  const ahead = (...ms: number[]) => {
    for (const [i, prover] of grid().provers.entries()) prover.clockAheadMs = ms[i] ?? 0
  }
  const ask = (job: JobRow, attempt: number) =>
    attemptVideo(deps, { jobId: job.id, attempt }, never, () => undefined)
  const outcomes = async (job: JobRow) =>
    (await attemptsOf(grid().db, job.inferenceId)).map((row) => [row.outcome, row.reason])

  for (const [side, byMs] of [
    ['ahead of', HOUR_MS],
    ['behind', -HOUR_MS],
  ] as const) {
    it(`blames nobody when every prover is an hour ${side} us, says so, and serves once all agree`, async () => {
      ahead(byMs, byMs, byMs)
      const job = await grid().newJob()
      assert.deepEqual(await ask(job, 1), { kind: 'own_clock' })
      assert.deepEqual(await outcomes(job), [['neutral', 'own_clock']])
      assert.match(deps.clock.problem() ?? '', /set this clock/)
      const verdicts = await grid().db.query('SELECT 1 FROM verdicts WHERE verdict = $1', ['fail'])
      assert.deepEqual(verdicts, [])
      ahead()
      assert.deepEqual(await ask(job, 2), { kind: 'answered', finished: true })
      assert.equal(deps.clock.problem(), null)
    })
  }

  // These leave a verdict, so they come after those that look for one.
  for (const [side, byMs] of [
    ['ahead', HOUR_MS],
    ['behind', -HOUR_MS],
  ] as const) {
    it(`is a failure of the one prover that is an hour ${side}`, async () => {
      ahead(byMs, byMs)
      // The router leaves the third alone, so that one of those two is asked; a witness it is nonetheless.
      await grid().leaveAlone(grid().provers[2]!)
      const job = await grid().newJob()
      await ask(job, 1)
      assert.deepEqual(await outcomes(job), [['failure', 'stale']])
      assert.equal(deps.clock.problem(), null, 'the third accepts our time')
    })
  }
})
