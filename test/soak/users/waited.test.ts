import assert from 'node:assert/strict'
import type { Video } from '../../../api/videos/object.js'
import type { Role } from '../../../dev/process/role.js'
import { getJob, type JobRow } from '../../../ledger/requests/jobs.js'
import { SMALL_VIDEO } from '../../support/model-folder.js'
import { type GridApi, useSmallGrid } from '../../support/small-grid.js'
import { until } from '../../support/until.js'
import { assertWhole } from './whole-video.js'

const VIDEO = { ...SMALL_VIDEO, steps: 4 }

describe('videos that are waited for, with the processes behind them killed', function () {
  this.timeout(240_000)
  const grid = useSmallGrid({ apis: 0, worker: 'none', video: VIDEO })
  let first: GridApi & { role: Role }
  let second: GridApi & { role: Role }
  let worker: Role

  before(async () => {
    ;[first, second, worker] = await Promise.all([
      grid().spawnApi(),
      grid().spawnApi(),
      grid().spawnWorker(),
    ])
  })

  const create = (api: GridApi, headers: Record<string, string>, signal?: AbortSignal) =>
    grid().post(
      '/v1/videos',
      { prompt: 'x' },
      { headers: { Prefer: 'wait=60', ...headers }, ...(signal === undefined ? {} : { signal }) },
      api,
    )
  const videoOf = async (answer: Response) => (await answer.json()) as Video

  /** A video that a client of `api` waits for and that its prover holds at the second step. */
  async function held(api: GridApi, headers: Record<string, string> = {}) {
    const release = grid().hold(2)
    const leaving = new AbortController()
    const answer = create(api, headers, leaving.signal)
    // Of those whose API is killed nobody takes it.
    answer.catch(() => undefined)
    const { id } = await until('the held video', async () => {
      const [row] = await grid().db.query<{ id: string }>(
        "SELECT id FROM jobs WHERE status = 'in_progress' AND progress > 0",
      )
      return row
    })
    return { id, answer, leave: () => leaving.abort(), release }
  }

  const ended = (id: string): Promise<JobRow> =>
    until(`the end of ${id}`, async () => {
      const job = (await getJob(grid().db, id))!
      return job.completedAt !== null && job
    })

  it('are made at once, without a workflow', async () => {
    const video = await videoOf(await create(first, {}))
    assert.equal(video.status, 'completed')
    await assertWhole(grid(), video.id, second)
    assert.equal(await grid().workflowOf(video.id), null)
  })

  it('go on when their client leaves', async () => {
    const { id, answer, leave, release } = await held(first)
    leave()
    await assert.rejects(answer)
    release()
    assert.equal((await ended(id)).cancelRequestedAt, null)
    await assertWhole(grid(), id, first)
    assert.equal(await grid().workflowOf(id), null)
  })

  it('go on when their client has waited long enough', async () => {
    const { id, answer, release } = await held(first, { Prefer: 'wait=1' })
    const early = await videoOf(await answer)
    assert.deepEqual([early.id, early.status], [id, 'in_progress'])
    release()
    await ended(id)
    await assertWhole(grid(), id, first)
    assert.equal(await grid().workflowOf(id), null)
  })

  it('lose nothing with their API: who asks another one with the same key waits on', async () => {
    const key = { 'Idempotency-Key': 'the-same-again' }
    const { id, answer, release } = await held(first, key)
    first.role.kill('SIGKILL')
    await first.role.exited
    await assert.rejects(answer)
    const again = create(second, key)
    release()
    const found = await again
    assert.equal(found.headers.get('idempotent-replayed'), 'true')
    const video = await videoOf(found)
    assert.deepEqual([video.id, video.status], [id, 'completed'])
    await assertWhole(grid(), id, second)
    assert.equal(await grid().workflowOf(id), null)
  })

  it('go on through the workflow when the inference worker dies, on the same connection', async () => {
    const { id, answer, release } = await held(second)
    worker.kill('SIGKILL')
    await worker.exited
    await grid().startWorker()
    release()
    const video = await videoOf(await answer)
    assert.deepEqual([video.id, video.status], [id, 'completed'])
    await assertWhole(grid(), id, second)
    // The video is complete a moment before the workflow that made it.
    await until('its workflow', async () => (await grid().workflowOf(id)) === 'COMPLETED')
  })

  it('go to the workflow when no worker is there, and are answered by it', async () => {
    await grid().stopWorker()
    const answer = create(second, {})
    const [{ id }] = await until('the job', async () => {
      const rows = await grid().db.query<{ id: string }>(
        "SELECT id FROM jobs WHERE status = 'queued' AND workflow_started_at IS NOT NULL",
      )
      return rows.length > 0 && (rows as [{ id: string }])
    })
    await grid().startWorker()
    const video = await videoOf(await answer)
    assert.deepEqual([video.id, video.status], [id, 'completed'])
    await assertWhole(grid(), id, second)
  })

  it('hold up no API that stops: it says how far they are, and their worker goes on', async () => {
    const { id, answer, release } = await held(second)
    second.role.kill('SIGTERM')
    const early = await videoOf(await answer)
    assert.deepEqual([early.id, early.status], [id, 'in_progress'])
    assert.deepEqual(await second.role.exited, { code: 0, signal: null })
    release()
    await ended(id)
    const third = await grid().startApi()
    await assertWhole(grid(), id, third)
    assert.equal(await grid().workflowOf(id), null)
  })
})
