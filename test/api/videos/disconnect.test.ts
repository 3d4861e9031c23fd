import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { attemptsOf } from '../../../ledger/requests/attempts.js'
import { getJob, type JobRow } from '../../../ledger/requests/jobs.js'
import { eventsOf, nextEvent, type SeenEvent } from '../../support/events.js'
import { SMALL_VIDEO } from '../../support/model-folder.js'
import { useSmallGrid } from '../../support/small-grid.js'
import { until } from '../../support/until.js'

/** Two of them are time enough for a cancellation, on a busy machine too. */
const STEP_MS = 150
const CAPACITY = 2

describe('a client that goes away', function () {
  this.timeout(240_000)
  const video = { ...SMALL_VIDEO, steps: 20 }
  const grid = useSmallGrid({ provers: 1, gpus: 1, video })
  const generator = () => grid().provers[0]!.generator

  interface Client {
    readonly id: string
    readonly events: AsyncGenerator<SeenEvent, void, void>
    leave(): void
  }

  async function stream(): Promise<Client> {
    const client = new AbortController()
    const { signal } = client
    const answer = await grid().post('/v1/videos', { prompt: 'x', stream: true }, { signal })
    const events = eventsOf(answer)
    const { data } = await nextEvent(events, ({ event }) => event === 'video.updated')
    return { id: data.video!.id, events, leave: () => client.abort() }
  }

  const ended = (id: string): Promise<JobRow> =>
    until(`the end of ${id}`, async () => {
      const job = (await getJob(grid().db, id))!
      return job.completedAt !== null && job
    })

  async function assertCancelled(id: string): Promise<void> {
    const job = await ended(id)
    assert.deepEqual([job.status, job.errorCode], ['failed', 'cancelled'])
    for (const row of await attemptsOf(grid().db, job.inferenceId)) {
      assert.deepEqual([row.outcome, row.reason], ['neutral', 'cancelled'])
    }
  }

  const inQueue = async () => {
    const info = await fetch(`${grid().provers[0]!.node.url}/v1/info`)
    return ((await info.json()) as { queue_length: number }).queue_length
  }

  afterEach('leaves nothing behind', async () => {
    generator().stepMs = 2
    await until('the prover to be free', async () => (await inQueue()) === 0)
    await until('the API to be done', async () => {
      const metrics = await (await grid().fetch('/metrics')).text()
      const gauges = ['requests_in_flight', 'event_streams', 'watched_videos'].map((name) =>
        Number(new RegExp(`^fractal_api_${name}\\{.*\\} (\\d+)$`, 'm').exec(metrics)?.[1]),
      )
      // The question itself is one.
      return gauges.join() === '1,0,0'
    })
  })

  it('before it was answered', async () => {
    const socket = connect(Number(new URL(grid().url).port), '127.0.0.1')
    await once(socket, 'connect')
    const body = '{"prompt":"gone","stream":true}'
    const head = [
      'POST /v1/videos HTTP/1.1',
      'Host: 127.0.0.1',
      `Authorization: Bearer ${grid().key}`,
      'Content-Type: application/json',
      `Content-Length: ${body.length}`,
    ]
    generator().stepMs = STEP_MS
    await new Promise<void>((resolve) => {
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, () => resolve())
    })
    socket.destroy()
    await until('no job under way', async () => {
      const rows = await grid().db.query('SELECT 1 FROM jobs WHERE completed_at IS NULL')
      return rows.length === 0
    })
  })

  it('while it waits in the prover’s queue: the prover never begins', async () => {
    const held = generator().hold()
    const ahead = await stream()
    await until('the one ahead', () => generator().began.length > 0)
    const began = generator().began.length
    const behind = await stream()
    await nextEvent(behind.events, ({ data }) => data.video?.queue_position === 1)
    behind.leave()
    await assertCancelled(behind.id)
    await until('one in the queue', async () => (await inQueue()) === 1)
    held.release()
    await nextEvent(ahead.events, ({ event }) => event === 'video.completed')
    assert.equal(generator().began.length, began)
  })

  it('while its video is denoised: the GPU stops within two steps', async () => {
    generator().stepMs = STEP_MS
    const client = await stream()
    await nextEvent(client.events, ({ data }) => (data.video?.progress ?? 0) > 0)
    const before = generator().steps
    client.leave()
    await assertCancelled(client.id)
    await until('the GPU to stop', async () => (await inQueue()) === 0)
    assert.ok(generator().steps - before <= 2, `${generator().steps - before} more steps`)
  })

  it('as its frames come, and when all is done: what is made stays', async () => {
    const client = await stream()
    await nextEvent(client.events, ({ event }) => event === 'video.frame')
    client.leave()
    const job = await ended(client.id)
    assert.ok(job.status === 'completed' || job.errorCode === 'cancelled')
    const other = await stream()
    await nextEvent(other.events, ({ event }) => event === 'video.completed')
    other.leave()
    assert.equal((await ended(other.id)).status, 'completed')
  })

  it('or cancels a job: the same, within two steps', async () => {
    generator().stepMs = STEP_MS
    const { id } = (await (await grid().post('/v1/videos', { prompt: 'x' })).json()) as JobRow
    await until('progress', async () => (await getJob(grid().db, id))!.progress > 0)
    const before = generator().steps
    await grid().post(`/v1/videos/${id}/cancel`, {})
    await assertCancelled(id)
    await until('the GPU to stop', async () => (await inQueue()) === 0)
    assert.ok(generator().steps - before <= 2, `${generator().steps - before} more steps`)
  })

  it('or cancels while no prover is free: it ends immediately', async () => {
    const held = generator().hold()
    const busy = await Promise.all(Array.from({ length: CAPACITY }, stream))
    await until('a full prover', async () => (await inQueue()) === CAPACITY)
    const { id } = (await (await grid().post('/v1/videos', { prompt: 'x' })).json()) as JobRow
    const answer = await grid().post(`/v1/videos/${id}/cancel`, {})
    const cancelled = (await answer.json()) as { status: string; error: { code: string } }
    assert.deepEqual([cancelled.status, cancelled.error.code], ['failed', 'cancelled'])
    held.release()
    for (const { events } of busy) {
      await nextEvent(events, ({ event }) => event === 'video.completed')
    }
  })
})
