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
  beforeEach(() => grid().db.execute('UPDATE prover_routing SET failures_in_a_row = 0'))

  const ahead = (...ms: number[]) => {
    for (const [i, prover] of grid().provers.entries()) prover.clockAheadMs = ms[i] ?? 0
  }
  const ask = (job: JobRow, attempt: number) =>
    attemptVideo(deps, { jobId: job.id, attempt }, never, () => undefined)
  const outcomes = async (job: JobRow) =>
    (await attemptsOf(grid().db, job.inferenceId)).map((row) => [row.outcome, row.reason])

  it('blames nobody when every prover refuses our time, says so, and serves once it is right', async () => {
    ahead(HOUR_MS, HOUR_MS, HOUR_MS)
    const job = await grid().newJob()
    assert.deepEqual(await ask(job, 1), { kind: 'own_clock' })
    assert.deepEqual(await outcomes(job), [['neutral', 'own_clock']])
    assert.match(deps.clock.problem() ?? '', /set this clock/)
    const verdicts = await grid().db.query('SELECT 1 FROM verdicts WHERE verdict = $1', ['fail'])
    assert.deepEqual(verdicts, [])
    ahead()
    assert.deepEqual(await ask(job, 2), { kind: 'answered' })
    assert.equal(deps.clock.problem(), null)
  })

  it('is a failure of the one prover whose clock is wrong', async () => {
    ahead(HOUR_MS, HOUR_MS)
    // Drawn among the unmeasured until it is one of those two.
    const found: unknown[] = []
    for (let k = 0; k < 20 && found.length === 0; k += 1) {
      const job = await grid().newJob()
      const random = () => (k * 333_334) % 1_000_000
      await attemptVideo({ ...deps, random }, { jobId: job.id, attempt: 1 }, never, () => undefined)
      const [end] = await outcomes(job)
      if (end![1] !== 'served') found.push(end)
    }
    assert.deepEqual(found, [['failure', 'stale']])
    assert.equal(deps.clock.problem(), null, 'the third accepts our time')
  })
})
