import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { pino } from 'pino'
import { serveApi } from '../../api/server.js'
import type { FractalError } from '../../base/errors.js'
import { Metrics } from '../../base/metrics.js'
import { getJob, listUnstarted } from '../../ledger/requests/jobs.js'
import { newVerifier } from '../ledger/fixtures.js'
import { useDatabase } from '../support/postgres.js'
import { useTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'
import { awayDatabase, awayTemporal, type Problem, post, startApi } from './server.js'

describe('the API when something is away', () => {
  const database = useDatabase()
  const temporal = useTemporal()
  const verifierId = newVerifier()

  it('keeps a video for later when Temporal is away, and is not ready', async () => {
    const away = awayTemporal()
    const metrics = new Metrics('test')
    const server = await startApi({ db: database().db, temporal: away, verifierId, metrics })
    try {
      const [created, ready] = await Promise.all([
        post(`${server.url}/v1/videos`, { prompt: 'x' }),
        fetch(`${server.url}/readyz`),
      ])
      assert.equal(created.status, 200)
      const { id, status } = (await created.json()) as { id: string; status: string }
      assert.equal(status, 'queued')
      assert.equal((await getJob(database().db, id))?.workflowStartedAt, null)
      const unstarted = await listUnstarted(database().db, verifierId, {
        olderThanMs: 0,
        limit: 10,
      })
      assert.ok(unstarted.some((job) => job.id === id))
      assert.equal(ready.status, 503)
      const states = { status: 'not_ready', postgres: 'up', temporal: 'down' }
      assert.deepEqual(await ready.json(), states)
      await until('the start to be deferred', async () => {
        const text = await (await fetch(`${server.url}/metrics`)).text()
        return /^fractal_api_video_starts_deferred_total\{role="test"\} 1$/m.test(text)
      })
    } finally {
      await server.close()
      await away.connection.close()
    }
  })

  it('is not ready while every write fails, although reads work', async () => {
    const { db } = database()
    await db.execute('ALTER TABLE write_probe ADD CONSTRAINT nothing_fits CHECK (false)')
    const server = await startApi({ db, temporal: temporal().client, verifierId })
    try {
      const ready = await fetch(`${server.url}/readyz`)
      assert.equal(ready.status, 503)
      const states = { status: 'not_ready', postgres: 'refuses_writes', temporal: 'up' }
      assert.deepEqual(await ready.json(), states)
    } finally {
      await server.close()
      await db.execute('ALTER TABLE write_probe DROP CONSTRAINT nothing_fits')
    }
  })

  it('asks to come back when Postgres is away, and says which is down', async () => {
    const db = awayDatabase()
    const server = await startApi({ db, temporal: temporal().client, verifierId })
    try {
      for (const path of ['/v1/network/provers', '/v1/videos/video_000000000000000000000000']) {
        const res = await server.fetch(path)
        assert.equal(res.status, 503)
        assert.equal(res.headers.get('retry-after'), '2')
        const problem = (await res.json()) as Problem
        assert.equal(problem.code, 'ledger_unavailable')
        assert.ok(!problem.detail.includes('127.0.0.1'), 'no addresses in answers')
      }
      assert.equal((await post(`${server.url}/v1/videos`, { prompt: 'x' })).status, 503)
      const ready = await fetch(`${server.url}/readyz`)
      assert.equal(ready.status, 503)
      assert.equal(ready.headers.get('retry-after'), '2')
      const states = { status: 'not_ready', postgres: 'down', temporal: 'up' }
      assert.deepEqual(await ready.json(), states)
      assert.equal((await fetch(`${server.url}/healthz`)).status, 200)
    } finally {
      await server.close()
      await db.close()
    }
  })

  it('is ready when both are there, looks once a second, and says at once that it stops', async () => {
    let now = performance.now()
    let looks = 0
    const stopping = new AbortController()
    const server = await startApi({
      db: {
        ...database().db,
        query: (sql, parameters) => {
          if (sql === 'SELECT 1') looks += 1
          return database().db.query(sql, parameters)
        },
      },
      temporal: temporal().client,
      verifierId,
      elapsed: () => now,
      stopping: stopping.signal,
    })
    const ask = () => fetch(`${server.url}/readyz`)
    try {
      const states = { status: 'ready', postgres: 'up', temporal: 'up' }
      for (const ready of await Promise.all(Array.from({ length: 20 }, ask))) {
        assert.equal(ready.status, 200)
        assert.deepEqual(await ready.json(), states)
      }
      now += 999
      assert.equal((await ask()).status, 200)
      assert.equal(looks, 1)
      now += 1
      assert.equal((await ask()).status, 200)
      assert.equal(looks, 2)
      stopping.abort()
      const last = await ask()
      assert.deepEqual([last.status, await last.json()], [503, { ...states, status: 'stopping' }])
      assert.equal(looks, 2)
    } finally {
      await server.close()
    }
  })
})

describe('what the API says of requests', () => {
  const database = useDatabase()

  it('never logs or counts by a prompt', async () => {
    const lines: string[] = []
    const log = pino({ level: 'trace' }, { write: (line) => lines.push(line) })
    const temporal = awayTemporal()
    const metrics = new Metrics('test')
    const verifierId = newVerifier()
    const server = await startApi({ db: database().db, temporal, verifierId, log, metrics })
    // A ledger that refuses: the reason must not carry the row.
    const broken = await startApi({
      db: {
        ...database().db,
        query: (sql, params, options) =>
          sql.includes('INSERT INTO jobs')
            ? database().db.query('SELECT 1/0')
            : database().db.query(sql, params, options),
      },
      temporal,
      verifierId,
      log,
    })
    try {
      const secret = 'SECRET-WISH'
      const video = await post(`${server.url}/v1/videos`, { prompt: secret })
      assert.equal(video.status, 200)
      const asQuery = await post(`${server.url}/v1/videos?${secret}`, { prompt: secret })
      assert.equal(asQuery.status, 400)
      assert.equal((await post(`${server.url}/v1/videos`, `{"prompt":"${secret}`)).status, 400)
      assert.equal((await post(`${server.url}/v1/videos`, { [secret]: 1 })).status, 400)
      assert.equal((await post(`${broken.url}/v1/videos`, { prompt: secret })).status, 500)
      const text = await (await fetch(`${server.url}/metrics`)).text()
      assert.match(text, /^fractal_api_videos_accepted_total\{.*counted="true".*\} 1$/m)
      assert.match(
        text,
        /fractal_api_requests_total\{method="POST",route="\/v1\/videos",status="400",role="test"\} 3/,
      )
      assert.ok(lines.some((line) => line.includes('video accepted')))
      assert.ok(lines.some((line) => line.includes('a request failed')))
      for (const line of [...lines, text]) assert.ok(!line.includes(secret), line)
    } finally {
      await server.close()
      await broken.close()
      await temporal.connection.close()
    }
  })
})

describe('the API’s server', () => {
  it('closes a thousand connections that send nothing, and serves others meanwhile', async () => {
    const server = await serveApi((_req, res) => void res.end('served'), {
      host: '127.0.0.1',
      port: 0,
      headersTimeoutMs: 500,
    })
    const sockets = Array.from({ length: 1000 }, () => connect(Number(new URL(server.url).port)))
    try {
      const closed = sockets.map((socket) => once(socket.resume(), 'close'))
      await Promise.all(sockets.map((socket) => once(socket, 'connect')))
      assert.equal(await (await fetch(server.url)).text(), 'served')
      await Promise.all(closed)
    } finally {
      await server.close()
    }
  })

  it('destroys an answer that its client does not read', async () => {
    const size = 32 * 1024 * 1024
    let cut: () => void = () => {}
    const closed = new Promise<void>((resolve) => {
      cut = resolve
    })
    const server = await serveApi(
      (_req, res) => {
        res.once('close', cut)
        res.end(Buffer.alloc(size))
      },
      { host: '127.0.0.1', port: 0, silenceMs: 100 },
    )
    const socket = connect(Number(new URL(server.url).port)).on('error', () => {})
    try {
      socket.pause().write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
      await closed
      assert.ok(socket.bytesRead < size, 'before it was all taken')
    } finally {
      socket.destroy()
      await server.close()
    }
  })

  it('cuts what does not end in the time that it has', async () => {
    let cut = false
    const server = await serveApi((_req, res) => void res.write('the beginning'), {
      host: '127.0.0.1',
      port: 0,
      drainMs: 50,
      onCut: () => {
        cut = true
      },
    })
    const answer = await fetch(server.url)
    await Promise.all([server.close(), assert.rejects(answer.text())])
    assert.ok(cut)
  })

  it('names a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    try {
      await assert.rejects(
        serveApi(() => {}, { host: '127.0.0.1', port }),
        (error: FractalError) => {
          assert.equal(error.code, 'port_taken')
          assert.ok(error.message.includes(String(port)))
          return true
        },
      )
    } finally {
      other.close()
    }
  })

  it('lets a running answer end before it closes', async () => {
    let finish: () => void = () => {}
    const arrived = new Promise<void>((resolve) => {
      finish = resolve
    })
    let answer: () => void = () => {}
    const server = await serveApi(
      (_req, res) => {
        answer = () => res.end('all of it')
        finish()
      },
      { host: '127.0.0.1', port: 0 },
    )
    const asked = fetch(server.url)
    await arrived
    const closed = server.close()
    answer()
    assert.equal(await (await asked).text(), 'all of it')
    await closed
  })
})
