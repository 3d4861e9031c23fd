import assert from 'node:assert/strict'
import type { Role } from '../../../dev/process/role.js'
import { eventsOf, nextEvent, readUntil } from '../../support/events.js'
import { SMALL_VIDEO } from '../../support/model-folder.js'
import { type GridApi, useSmallGrid } from '../../support/small-grid.js'
import { until } from '../../support/until.js'
import { assertWhole } from './whole-video.js'

const VIDEO = { ...SMALL_VIDEO, steps: 4 }

describe('streams, with the processes behind them killed', function () {
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

  /** A video that a client of `api` streams and that its prover holds at the second step. */
  async function heldStream(api: GridApi) {
    const release = grid().hold(2)
    const answer = await grid().post('/v1/videos', { prompt: 'x', stream: true }, {}, api)
    assert.equal(answer.status, 200)
    const events = eventsOf(answer)
    const seen = await nextEvent(events, ({ data }) => (data.video?.progress ?? 0) > 0)
    return { id: seen.data.video!.id, events, release }
  }

  it('lose nothing with their API: another one shows it, to the end', async () => {
    const { id, events, release } = await heldStream(first)
    first.role.kill('SIGKILL')
    await first.role.exited
    await assert.rejects(nextEvent(events, () => false))
    const watched = eventsOf(await grid().fetch(`/v1/videos/${id}/events`, {}, second))
    await nextEvent(watched, ({ data }) => data.video?.status === 'in_progress')
    release()
    const seen = await readUntil(watched, ({ event }) => event === 'video.completed')
    assert.ok(seen.some(({ event }) => event === 'video.frame'))
    await assertWhole(grid(), id, second)
    assert.equal(await grid().workflowOf(id), null)
  })

  it('go on through the workflow when the inference worker dies', async () => {
    const { id, events, release } = await heldStream(second)
    worker.kill('SIGKILL')
    await worker.exited
    await grid().startWorker()
    release()
    await nextEvent(events, ({ event }) => event === 'video.completed')
    await assertWhole(grid(), id, second)
    // The video is complete a moment before the workflow that made it.
    await until('its workflow', async () => (await grid().workflowOf(id)) === 'COMPLETED')
  })

  it('end before their API stops, and watchers are sent elsewhere', async () => {
    const { id, events, release } = await heldStream(second)
    const watched = eventsOf(await grid().fetch(`/v1/videos/${id}/events`, {}, second))
    await nextEvent(watched, ({ data }) => (data.video?.progress ?? 0) > 0)
    second.role.kill('SIGTERM')
    const last = await nextEvent(watched, ({ event }) => event !== 'video.updated')
    assert.deepEqual(
      [last.event, last.data.events_url],
      ['server.stopping', `/v1/videos/${id}/events`],
    )
    assert.deepEqual(await watched.next(), { value: undefined, done: true })
    await assert.rejects(fetch(`${second.url}/readyz`))
    assert.equal(second.role.hasExited(), false)
    release()
    await nextEvent(events, ({ event }) => event === 'video.completed')
    assert.deepEqual(await second.role.exited, { code: 0, signal: null })
  })
})
