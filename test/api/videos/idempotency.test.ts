import assert from 'node:assert/strict'
import type { Video } from '../../../api/videos/object.js'
import type { Tx } from '../../../ledger/database.js'
import { lockIdempotencyKey } from '../../../ledger/requests/idempotency.js'
import { failJob } from '../../../ledger/requests/jobs.js'
import { newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { useTemporal } from '../../support/temporal.js'
import { jobsOf, newKey, type TestKey } from '../auth/new-key.js'
import { type Problem, post, startApi, type TestApi } from '../server.js'

describe('Idempotency-Key, over two APIs', () => {
  const database = useDatabase()
  const temporal = useTemporal()
  const servers: TestApi[] = []
  let owner: TestKey
  before(async () => {
    const { db, url } = database()
    const deps = { db, url, temporal: temporal().client, verifierId: newVerifier() }
    servers.push(await startApi(deps), await startApi(deps))
    owner = await newKey(db)
  })
  after(() => Promise.all(servers.map((server) => server.close())))

  let names = 0
  const fresh = () => {
    names += 1
    return `8e03978e-40d5-43e8-bc93-${names}`
  }
  interface How {
    server?: number
    as?: TestKey
  }
  const ask = (key: string, body: unknown, { server = 0, as = owner }: How = {}) =>
    post(`${servers[server]!.url}/v1/videos`, body, {
      Authorization: `Bearer ${as.secret}`,
      'Idempotency-Key': key,
    })
  async function made(res: Response): Promise<string> {
    const text = await res.text()
    assert.equal(res.status, 200, text)
    return (JSON.parse(text) as Video).id
  }
  async function refused(res: Response, status: number, code: string): Promise<Problem> {
    const problem = (await res.json()) as Problem
    assert.deepEqual([res.status, problem.code], [status, code], problem.detail)
    return problem
  }

  it('makes one video of a request, however it is written', async () => {
    const key = fresh()
    const first = await ask(key, { prompt: 'a', seconds: 2, steps: 3 })
    assert.equal(first.headers.get('idempotent-replayed'), null)
    const id = await made(first)
    const again = await ask(`"${key}"`, '{ "steps":3, "seconds":"2.0", "prompt":"\\u0061" }', {
      server: 1,
    })
    assert.equal(again.headers.get('idempotent-replayed'), 'true')
    assert.equal(again.headers.get('location'), `/v1/videos/${id}`)
    assert.equal(await made(again), id)
  })

  it('refuses another request under it, and knows it of one API key alone', async () => {
    const key = fresh()
    const id = await made(await ask(key, { prompt: 'a' }))
    for (const body of [{ prompt: 'b' }, { prompt: 'a', seed: 1 }, { prompt: 'a', steps: 12 }]) {
      const problem = await refused(await ask(key, body), 422, 'idempotency_key_reused')
      assert.equal(problem.error.param, 'Idempotency-Key')
    }
    const other = await made(await ask(key, { prompt: 'b' }, { as: await newKey(database().db) }))
    assert.notEqual(other, id)
  })

  it('makes one video of a race', async () => {
    const racer = await newKey(database().db, { concurrentVideos: 1 })
    const key = fresh()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => ask(key, { prompt: 'a' }, { server: i % 2, as: racer })),
    )
    const [id, ...none] = await jobsOf(database().db, racer)
    assert.deepEqual(none, [])
    for (const answer of answers) {
      if (answer.status === 409) await refused(answer, 409, 'idempotency_in_flight')
      else assert.equal(await made(answer), id)
    }
    assert.ok(answers.some(({ status }) => status === 200))
  })

  /** Runs `during` while a transaction of another process works under the key. */
  async function whileTaken(key: string, during: (tx: Tx) => Promise<void>): Promise<void> {
    const request = { keyId: owner.id, idempotencyKey: key, requestSha256: new Uint8Array(32) }
    await database().db.tx(async (tx) => {
      assert.ok(await lockIdempotencyKey(tx, request))
      await during(tx)
    })
  }

  it('asks to come back while a request is in flight', async () => {
    const key = fresh()
    await whileTaken(key, async () => {
      const res = await ask(key, { prompt: 'a' })
      assert.equal(res.headers.get('retry-after'), '1')
      await refused(res, 409, 'idempotency_in_flight')
    })
    await made(await ask(key, { prompt: 'a' }))
  })

  it('is free again when the API that worked under it dies', async () => {
    const key = fresh()
    const dies = whileTaken(key, async (tx) => {
      await tx.execute('SELECT pg_terminate_backend(pg_backend_pid())')
    })
    await assert.rejects(dies, { code: 'ledger_unavailable' })
    await made(await ask(key, { prompt: 'a' }))
  })

  it('is not used up by what failed', async () => {
    const key = fresh()
    await refused(await ask(key, { prompt: '' }), 400, 'invalid_request')
    await refused(await ask(key, { prompt: 'x', steps: 100_000 }), 400, 'limit_exceeded')
    const busy = await newKey(database().db, { concurrentVideos: 1 })
    const first = await made(await ask(fresh(), { prompt: 'a' }, { as: busy }))
    await refused(await ask(key, { prompt: 'a' }, { as: busy }), 429, 'too_many_videos')
    await failJob(database().db, first, { code: 'cancelled', message: 'cancelled' })
    await made(await ask(key, { prompt: 'b' }, { as: busy }))
    await made(await ask(key, { prompt: 'c' }))
  })

  it('answers the video as it now stands, also as a stream, and makes no second one', async () => {
    const { db } = database()
    const one = await newKey(db)
    const key = fresh()
    const id = await made(await ask(key, { prompt: 'a' }, { as: one }))
    await failJob(db, id, { code: 'generation_failed', message: 'no' })
    const poll = (await (await ask(key, { prompt: 'a' }, { as: one })).json()) as Video
    assert.deepEqual([poll.id, poll.status], [id, 'failed'])
    const stream = await ask(key, { prompt: 'a', stream: true }, { as: one, server: 1 })
    assert.match(stream.headers.get('content-type')!, /^text\/event-stream/)
    const events = await stream.text()
    assert.match(events, /event: video\.failed/)
    assert.ok(events.includes(id))
    assert.deepEqual(await jobsOf(db, one), [id])
  })

  it('names the video of an own seed too', async () => {
    const wanted = { prompt: 'a', seed: 5, steps: 2 }
    const id = await made(await ask(fresh(), wanted))
    const key = fresh()
    assert.equal(await made(await ask(key, wanted)), id)
    await refused(await ask(key, { ...wanted, seed: 6 }), 422, 'idempotency_key_reused')
  })

  it('does not bring a deleted video back', async () => {
    const key = fresh()
    const id = await made(await ask(key, { prompt: 'a' }))
    await failJob(database().db, id, { code: 'cancelled', message: 'cancelled' })
    const headers = { Authorization: `Bearer ${owner.secret}` }
    const deleted = await servers[0]!.fetch(`/v1/videos/${id}`, { method: 'DELETE', headers })
    assert.equal(deleted.status, 200)
    await refused(await ask(key, { prompt: 'a' }), 404, 'video_not_found')
  })

  it('matches for 24 hours', async () => {
    const key = fresh()
    const id = await made(await ask(key, { prompt: 'a' }))
    const age = `UPDATE idempotency_keys SET created_at = created_at - $2::interval WHERE idempotency_key = $1`
    await database().db.execute(age, [key, '23 hours 59 minutes'])
    assert.equal(await made(await ask(key, { prompt: 'a' })), id)
    await database().db.execute(age, [key, '1 minute'])
    const next = await made(await ask(key, { prompt: 'b' }))
    assert.notEqual(next, id)
    assert.equal(await made(await ask(key, { prompt: 'b' })), next)
  })

  it('has to be a key', async () => {
    const longest = 'x'.repeat(255)
    for (const key of [longest, `"${longest}"`, String.raw`"a\"b\\c"`, 'a"b', '!']) {
      await made(await ask(key, { prompt: 'a' }))
    }
    for (const key of [
      '',
      `${longest}x`,
      `"${longest}x"`,
      'a b',
      'a, b',
      '"a',
      '""',
      '"a b"',
      String.raw`"a\b"`,
      '"a";p=1',
      'ä',
    ]) {
      const problem = await refused(await ask(key, { prompt: 'a' }), 400, 'invalid_request')
      assert.equal(problem.error.param, 'Idempotency-Key')
    }
  })
})
