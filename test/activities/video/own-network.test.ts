import assert from 'node:assert/strict'
import { attemptVideo } from '../../../activities/video/attempt-video.js'
import { attemptsOf } from '../../../ledger/requests/attempts.js'
import type { JobRow } from '../../../ledger/requests/jobs.js'
import { useSmallGrid } from '../../support/small-grid.js'

/** Nobody listens there. */
const CLOSED = 9

describe('a user’s request while our own network is away', function () {
  this.timeout(240_000)
  const grid = useSmallGrid({ apis: 0, worker: 'none', provers: 3 })
  const never = new AbortController().signal

  /** Where each prover is said to be, from now on. */
  const sayAddresses = async (of: (i: number, port: number) => [ip: string, port: number]) => {
    for (const [i, { hotkey, node }] of grid().provers.entries()) {
      const [ip, port] = of(i, node.port)
      await grid().db.execute(
        'UPDATE interval_provers SET axon_ip = $2, axon_port = $3, coldkey = $4 WHERE hotkey = $1',
        [hotkey, ip, port, `cold ${i}`],
      )
    }
  }
  /** As a worker that has just read them. */
  const ask = async (job: JobRow, attempt: number) =>
    attemptVideo(await grid().inferenceDeps(), { jobId: job.id, attempt }, never, () => undefined)
  const outcomes = async (job: JobRow) =>
    (await attemptsOf(grid().db, job.inferenceId)).map((row) => [row.outcome, row.reason])

  it('blames nobody, waits, and is served by whoever it asked once that is back', async () => {
    await sayAddresses((i) => [`127.0.${i + 1}.1`, CLOSED])
    const job = await grid().newJob()
    for (const attempt of [1, 2, 3, 4, 5]) {
      assert.deepEqual(await ask(job, attempt), { kind: 'own_fault' })
      await grid().forgetFailures()
    }
    assert.deepEqual(await outcomes(job), new Array(5).fill(['neutral', 'own_fault']))
    assert.deepEqual(await grid().db.query('SELECT 1 FROM verdicts'), [])
    await sayAddresses((_, port) => ['127.0.0.1', port])
    assert.deepEqual(await ask(job, 6), { kind: 'answered', finished: true })
  })

  it('is a failure of the prover that cannot be reached where another one can', async () => {
    // Whichever of the two is asked: the third, which the router leaves alone, is there.
    await sayAddresses((i, port) => (i === 2 ? ['127.0.0.1', port] : [`127.0.${i + 1}.1`, CLOSED]))
    await grid().forgetFailures()
    await grid().leaveAlone(grid().provers[2]!)
    const job = await grid().newJob()
    assert.deepEqual(await ask(job, 1), { kind: 'failed_over', reason: 'unreachable' })
    assert.deepEqual(await outcomes(job), [['failure', 'unreachable']])
  })
})
