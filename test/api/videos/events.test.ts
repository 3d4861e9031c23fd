import assert from 'node:assert/strict'
import { deflateSync } from 'node:zlib'
import { decode } from 'fast-png'
import type { Video } from '../../../api/videos/object.js'
import { Metrics } from '../../../base/metrics.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { putFrames } from '../../../ledger/requests/frames.js'
import {
  completeJob,
  deleteJob,
  failJob,
  getJob,
  type JobRow,
  setProgress,
  setQueuePosition,
} from '../../../ledger/requests/jobs.js'
import {
  attempt,
  failure,
  newJob,
  newVerifier,
  openInterval,
  success,
} from '../../ledger/fixtures.js'
import { eventsOf, readUntil, type SeenEvent } from '../../support/events.js'
import { useDatabase } from '../../support/postgres.js'
import { until } from '../../support/until.js'
import { awayTemporal, startApi, type TestApi } from '../server.js'

const SIDE = 64

describe('events of a video', () => {
  const database = useDatabase()
  const id = newVerifier()
  const temporal = awayTemporal()
  const metrics = new Metrics('test')
  let server: TestApi
  before(async () => {
    const { db, url } = database()
    await openInterval(db, id, 1)
    server = await startApi({ db, url, temporal, verifierId: id, metrics })
  })
  after(async () => {
    await server?.close()
    await temporal.connection.close()
  })

  const job = (changes: Partial<JobRow> = {}) =>
    newJob(database().db, id, { frames: 4, ...changes })
  const asked = async ({ inferenceId }: JobRow, uid = 1, attemptNo = 1): Promise<string> => {
    const row = attempt(uid, { inferenceId, attemptNo })
    await startAttempts(database().db, id, [row])
    return row.requestId
  }
  /** Frame `index` is of one grey. */
  const frames = (requestId: string, ...indexes: number[]) =>
    putFrames(
      database().db,
      requestId,
      indexes.map((index) => {
        const rgb = Buffer.alloc(SIDE * SIDE * 3, index)
        return { index, zlib: deflateSync(rgb) }
      }),
    )
  const complete = async ({ id: jobId }: JobRow, requestId: string) => {
    const { db } = database()
    await recordOutcomes(db, id, [success(requestId)])
    const end = { winningRequestId: requestId, warnings: [], keptMs: null }
    assert.ok(await completeJob(db, jobId, end))
  }
  const watch = async (jobId: string, init: RequestInit = {}, query = '', from = server) => {
    const answer = await from.fetch(`/v1/videos/${jobId}/events${query}`, init)
    assert.equal(answer.status, 200, await (answer.ok ? '' : answer.text()))
    assert.equal(answer.headers.get('content-type'), 'text/event-stream')
    return eventsOf(answer)
  }
  const isFrame = (index: number) => (event: SeenEvent) => event.data.index === index
  const gauge = async (name: string) => {
    const text = await metrics.registry.getSingleMetricAsString(name)
    return Number(/\} (\d+)$/m.exec(text)![1])
  }
  const nobodyWatches = () =>
    until('that nobody watches', async () => {
      const streams = await gauge('fractal_api_event_streams')
      return streams === 0 && (await gauge('fractal_api_watched_videos')) === 0
    })

  it('tell its way: queue, progress, frames, end', async () => {
    const { db } = database()
    const made = await job()
    const events = await watch(made.id)
    const [first] = await readUntil(events, () => true)
    assert.equal(first!.event, 'video.updated')
    assert.deepEqual(first!.data, {
      type: 'video.updated',
      video: await (await server.fetch(`/v1/videos/${made.id}`)).json(),
    })
    assert.equal(first!.data.video.status, 'queued')

    const requestId = await asked(made)
    await setQueuePosition(db, made.id, 2)
    const [queued] = await readUntil(events, () => true)
    assert.equal(queued!.data.video.queue_position, 2)
    await setProgress(db, made.id, 50)
    const [half] = await readUntil(events, () => true)
    const { status, progress, queue_position } = half!.data.video as Video
    assert.deepEqual([status, progress, queue_position], ['in_progress', 50, 0])

    await frames(requestId, 1, 2)
    const [one, two] = await readUntil(events, isFrame(2))
    assert.equal(one!.id, `${requestId}.1`)
    const { image, ...rest } = two!.data
    assert.deepEqual(rest, {
      type: 'video.frame',
      video_id: made.id,
      attempt: requestId,
      index: 2,
      frames: 4,
      width: SIDE,
      height: SIDE,
    })
    const [, base64] = /^data:image\/png;base64,(.+)$/.exec(image)!
    const png = decode(Buffer.from(base64!, 'base64'), { checkCrc: true })
    assert.deepEqual(Buffer.from(png.data as Uint8Array), Buffer.alloc(SIDE * SIDE * 3, 2))

    await frames(requestId, 3, 4)
    await complete(made, requestId)
    const rest2: SeenEvent[] = []
    for await (const event of events) rest2.push(event)
    assert.deepEqual(
      rest2.map(({ data }) => data.index ?? data.type),
      [3, 4, 'video.completed'],
    )
    const last = rest2.at(-1)!
    assert.deepEqual(
      [last.event, last.id, last.data.video.progress],
      ['video.completed', 'ended', 100],
    )
    await nobodyWatches()
  })

  it('go on after the last one that was seen', async () => {
    const made = await job()
    const requestId = await asked(made)
    await frames(requestId, 1, 2, 3)
    const events = await watch(made.id, { headers: { 'Last-Event-ID': `${requestId}.2` } })
    const [updated, third] = await readUntil(events, isFrame(3))
    assert.equal(updated!.event, 'video.updated')
    assert.equal(third!.id, `${requestId}.3`)
    await events.return()
    await frames(requestId, 4)
    await complete(made, requestId)
    const rest = await watch(made.id, { headers: { 'Last-Event-ID': `${requestId}.3` } })
    const seen = await readUntil(rest, ({ event }) => event === 'video.completed')
    assert.deepEqual(
      seen.map(({ id: seenId }) => seenId),
      [`${requestId}.4`, 'ended'],
    )
    // All was seen: a browser is told to come no more.
    const again = await server.fetch(`/v1/videos/${made.id}/events`, {
      headers: { 'Last-Event-ID': 'ended' },
    })
    assert.equal(again.status, 204)
  })

  it('begin the frames again when another prover takes over', async () => {
    const { db } = database()
    const made = await job()
    const first = await asked(made)
    await frames(first, 1, 2)
    const events = await watch(made.id)
    await readUntil(events, isFrame(2))
    await recordOutcomes(db, id, [failure(first)])
    const second = await asked(made, 2, 2)
    await frames(second, 1)
    const [anew] = await readUntil(events, isFrame(1))
    assert.deepEqual([anew!.id, anew!.data.attempt], [`${second}.1`, second])
    await frames(second, 2, 3, 4)
    await complete(made, second)
    const seen = await readUntil(events, ({ event }) => event === 'video.completed')
    assert.deepEqual(
      seen.slice(0, -1).map(({ id: seenId }) => seenId),
      [2, 3, 4].map((index) => `${second}.${index}`),
    )
    assert.equal(seen.at(-1)!.data.video.prover, 'prover-2')
  })

  it('of one that has ended are the last one, at once', async () => {
    const { db } = database()
    const made = await job()
    const requestId = await asked(made)
    await frames(requestId, 1, 2, 3, 4)
    await complete(made, requestId)
    const all: SeenEvent[] = []
    for await (const event of await watch(made.id)) all.push(event)
    assert.deepEqual(
      all.map(({ event }) => event),
      ['video.completed'],
    )

    const cancelled = await job()
    await failJob(db, cancelled.id, { code: 'cancelled', message: 'The request was cancelled.' })
    const [failed] = await readUntil(await watch(cancelled.id), () => true)
    assert.equal(failed!.event, 'video.failed')
    assert.equal(failed!.data.video.error.code, 'cancelled')
  })

  it('leave out the frames on request', async () => {
    const made = await job()
    const requestId = await asked(made)
    const events = await watch(made.id, {}, '?frames=none')
    await readUntil(events, () => true)
    await frames(requestId, 1, 2, 3, 4)
    await complete(made, requestId)
    const [last] = await readUntil(events, () => true)
    assert.equal(last!.event, 'video.completed')
  })

  it('are read once for all who watch, and leave nothing behind', async () => {
    const made = await job()
    const requestId = await asked(made)
    const leaving = new AbortController()
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => watch(made.id, { signal: leaving.signal })),
    )
    await Promise.all(clients.map((events) => readUntil(events, () => true)))
    assert.equal(await gauge('fractal_api_event_streams'), 20)
    assert.equal(await gauge('fractal_api_watched_videos'), 1)
    await frames(requestId, 1)
    await Promise.all(clients.map((events) => readUntil(events, isFrame(1))))
    leaving.abort()
    await nobodyWatches()
    assert.equal((await getJob(database().db, made.id))?.cancelRequestedAt, null)
  })

  it('come though no signals arrive', async () => {
    const deaf = await startApi({ db: database().db, temporal, verifierId: id })
    try {
      const made = await job()
      const events = await watch(made.id, {}, '', deaf)
      await readUntil(events, () => true)
      await setProgress(database().db, made.id, 10)
      const [told] = await readUntil(events, () => true)
      assert.equal(told!.data.video.progress, 10)
    } finally {
      await deaf.close()
    }
  })

  it('say where to go on when the server stops: there are others', async () => {
    const { db, url } = database()
    const stopping = await startApi({ db, url, temporal, verifierId: id })
    const made = await job()
    const requestId = await asked(made)
    await frames(requestId, 1, 2)
    const events = await watch(made.id, {}, '', stopping)
    const bare = await watch(made.id, {}, '?frames=none', stopping)
    await readUntil(events, isFrame(2))
    await readUntil(bare, () => true)
    const closed = stopping.close()
    const last = (await events.next()).value!
    assert.deepEqual(last, {
      event: 'server.stopping',
      // Browsers come back with the id of the last frame: this event must not take its place.
      id: undefined,
      data: {
        type: 'server.stopping',
        video_id: made.id,
        events_url: `/v1/videos/${made.id}/events`,
        last_event_id: `${requestId}.2`,
        retry_after_ms: 1000,
      },
    })
    assert.deepEqual(await events.next(), { value: undefined, done: true })
    const { data } = (await bare.next()).value!
    assert.deepEqual(
      [data.events_url, data.last_event_id],
      [`/v1/videos/${made.id}/events?frames=none`, null],
    )
    await closed

    await frames(requestId, 3, 4)
    await complete(made, requestId)
    const again = await server.fetch(last.data.events_url, {
      headers: { 'Last-Event-ID': last.data.last_event_id! },
    })
    const rest = await readUntil(eventsOf(again), ({ event }) => event === 'video.completed')
    assert.deepEqual(
      rest.map(({ data: seen }) => seen.index ?? seen.type),
      [3, 4, 'video.completed'],
    )
  })

  it('are nobody else’s', async () => {
    const { db } = database()
    const foreign = await job({ apiKeyId: 'somebody' })
    const deleted = await job()
    await deleteJob(db, deleted.id)
    for (const unknown of [foreign.id, deleted.id, 'video_000000000000000000000000', 'x']) {
      const answer = await server.fetch(`/v1/videos/${unknown}/events`)
      assert.equal(answer.status, 404)
    }
    const head = await server.fetch(`/v1/videos/${(await job()).id}/events`, { method: 'HEAD' })
    assert.equal(head.headers.get('content-type'), 'text/event-stream')
    assert.match(head.headers.get('cache-control')!, /\bno-transform\b/)
  })

  describe('of a request itself', () => {
    const create = (body: object, headers: Record<string, string> = {}, signal?: AbortSignal) =>
      server.fetch('/v1/videos', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify({ prompt: 'a red ball rolls', num_frames: 4, ...body }),
        ...(signal === undefined ? {} : { signal }),
      })
    const jobOf = async (answer: Response) =>
      (await getJob(database().db, answer.headers.get('location')!.split('/').at(-1)!))!

    it('come with `stream`, and with Accept', async () => {
      for (const answer of [
        await create({ stream: true }),
        await create({}, { Accept: 'text/event-stream' }),
      ]) {
        assert.equal(answer.headers.get('content-type'), 'text/event-stream')
        const events = eventsOf(answer)
        await readUntil(events, ({ event }) => event === 'video.updated')
        const made = await jobOf(answer)
        const requestId = await asked(made)
        await frames(requestId, 1, 2, 3, 4)
        await complete(made, requestId)
        const seen = await readUntil(events, ({ event }) => event === 'video.completed')
        assert.equal(seen.filter(({ event }) => event === 'video.frame').length, 4)
      }
      const plain = await create({ stream: false }, { Accept: 'text/event-stream' })
      assert.equal(((await plain.json()) as Video).status, 'queued')
      // As clients of tools send it: they take a stream, and did not ask for one.
      for (const other of ['application/json', 'application/*;q=0.5', '*/*;q=0.1']) {
        const answer = await create({}, { Accept: `${other}, Text/Event-Stream` })
        assert.equal(((await answer.json()) as Video).status, 'queued', other)
      }
    })

    it('cancel it when the client leaves', async () => {
      const leaving = new AbortController()
      const answer = await create({ stream: true }, {}, leaving.signal)
      await readUntil(eventsOf(answer), () => true)
      const { id: jobId } = await jobOf(answer)
      leaving.abort()
      const { db } = database()
      await until('a cancellation', async () => (await getJob(db, jobId))?.cancelRequestedAt)
      await nobodyWatches()
    })

    it('cancel nothing that was asked for before', async () => {
      const first = await jobOf(await create({ seed: 5 }))
      const leaving = new AbortController()
      const answer = await create({ seed: 5, stream: true }, {}, leaving.signal)
      assert.equal((await jobOf(answer)).id, first.id)
      await readUntil(eventsOf(answer), () => true)
      leaving.abort()
      await nobodyWatches()
      assert.equal((await getJob(database().db, first.id))?.cancelRequestedAt, null)
    })

    it('say where to go on when the server can wait no longer, and cancel nothing', async () => {
      const { db, url } = database()
      const drainMs = 300
      const deps = { db, url, temporal, verifierId: id, listening: { drainMs } }
      const stopping = await startApi(deps)
      const answer = await stopping.fetch('/v1/videos', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ prompt: 'x', stream: true }),
      })
      const events = eventsOf(answer)
      await readUntil(events, () => true)
      const { id: jobId } = await jobOf(answer)
      const began = performance.now()
      const closed = stopping.close()
      const [last] = await readUntil(events, () => true)
      assert.ok(performance.now() - began >= drainMs - 50, 'it runs while it may')
      assert.deepEqual(
        [last!.event, last!.data.events_url, last!.data.last_event_id],
        ['server.stopping', `/v1/videos/${jobId}/events`, null],
      )
      assert.deepEqual(await events.next(), { value: undefined, done: true })
      await closed
      assert.equal((await getJob(db, jobId))?.cancelRequestedAt, null)
      const again = eventsOf(await server.fetch(last!.data.events_url))
      const [first] = await readUntil(again, () => true)
      assert.equal(first!.data.video.id, jobId)
      await again.return()
    })

    it('are waited for with Prefer: wait', async () => {
      const answering = create({}, { Prefer: 'respond-async, wait=300' })
      await until('the wait', async () => (await gauge('fractal_api_watched_videos')) === 1)
      const { db } = database()
      const [newest] = await db.query<{ id: string }>(
        'SELECT id FROM jobs ORDER BY created_at DESC LIMIT 1',
      )
      const made = (await getJob(db, newest!.id))!
      await complete(made, await asked(made))
      const answer = await answering
      assert.equal(answer.headers.get('preference-applied'), 'wait=60')
      assert.equal(((await answer.json()) as Video).status, 'completed')
      const early = await create({}, { Prefer: 'wait=0' })
      assert.equal(early.headers.get('preference-applied'), 'wait=0')
      assert.equal(((await early.json()) as Video).status, 'queued')
      await nobodyWatches()
    })
  })
})
