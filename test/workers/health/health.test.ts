import assert from 'node:assert/strict'
import { request } from 'node:http'
import { pino } from 'pino'
import { Metrics } from '../../../base/metrics.js'
import { connectLocalChain } from '../../../chain/local/adapter.js'
import { localAdmin } from '../../../chain/local/admin-client.js'
import { missingBlocks, watchBlocks } from '../../../workers/health/block-watchdog.js'
import { Health } from '../../../workers/health/health.js'
import { type HealthListener, startHealthListener } from '../../../workers/health/listener.js'
import { SILENT, startManual, withFolder } from '../../chain/local-harness.js'
import { until } from '../../support/until.js'

const LIMIT_MS = 300

describe('the watchdog of blocks', () => {
  /** What it logged, by level. */
  function listeningLog() {
    const lines: string[] = []
    const write = (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg)
    return { lines, log: pino({}, { write }) }
  }

  it('says once that no block lands, asks on, and says when they go on', () =>
    withFolder(async (folder) => {
      const server = await startManual(`${folder}/chain.json`)
      const admin = localAdmin(server.url)
      const chain = await connectLocalChain(server.url)
      const { lines, log } = listeningLog()
      const watchdog = watchBlocks(chain, { log, limitMs: LIMIT_MS })
      try {
        assert.equal(missingBlocks(chain, 60_000), null)
        const why = await until('it to turn red', () => missingBlocks(chain, LIMIT_MS))
        assert.match(why, /^no block for \d+ s$/)
        await until('a word of it', () => lines.length === 1)
        // Nobody but the watchdog asks this adapter for heads.
        await until('it to see a block', async () => {
          await admin.newBlocks(1)
          return lines.length === 2
        })
        assert.match(lines[0]!, /^the chain: no block for \d+ s$/)
        assert.equal(lines[1], 'blocks arrive again')
        await until('it to turn red again', () => missingBlocks(chain, LIMIT_MS))
      } finally {
        watchdog.stop()
        await chain.close()
        await server.close()
      }
    }))

  it('goes on when the chain cannot be reached, and sees it come back', () =>
    withFolder(async (folder) => {
      const statePath = `${folder}/chain.json`
      const first = await startManual(statePath)
      const chain = await connectLocalChain(first.url)
      await first.close()
      const { lines, log } = listeningLog()
      const watchdog = watchBlocks(chain, { log, limitMs: LIMIT_MS })
      try {
        await until('a word of it', () => lines.length === 1)
        const second = await startManual(statePath, { port: Number(new URL(first.url).port) })
        try {
          const admin = localAdmin(second.url)
          await until('blocks', async () => {
            await admin.newBlocks(1)
            return lines.length === 2
          })
        } finally {
          await second.close()
        }
      } finally {
        watchdog.stop()
        await chain.close()
      }
    }))
})

describe('the health listener', () => {
  let health: Health
  let listener: HealthListener
  let now = 0
  const metrics = new Metrics('test')
  metrics.readGauge('fractal_test_widgets', 'For this test', () => 7)

  beforeEach(async () => {
    health = new Health(SILENT, () => now)
    listener = await startHealthListener(health, metrics, { host: '127.0.0.1', port: 0 })
  })
  afterEach(() => listener.close())

  const readyz = async () => {
    const answer = await fetch(`${listener.url}/readyz`)
    return [answer.status, await answer.json()]
  }

  it('is not ready before the start is finished, ready then, and says immediately that it stops', async () => {
    const starting = [{ check: 'start', why: 'not finished' }]
    assert.deepEqual(await readyz(), [503, { status: 'not_ready', reasons: starting }])
    health.started()
    assert.deepEqual(await readyz(), [200, { status: 'ready', reasons: [] }])
    health.stopping()
    assert.deepEqual(await readyz(), [503, { status: 'stopping', reasons: [] }])
    assert.equal((await fetch(`${listener.url}/healthz`)).status, 200)
  })

  it('names every check that fails, throws or does not answer; not what the error said', async () => {
    health.started()
    health.check('fine', () => null)
    health.check('words', async () => 'waits for the lease')
    health.check('throws', () => Promise.reject(new Error('password=hunter2 at 10.0.0.1')))
    health.check('hangs', () => new Promise(() => undefined))
    assert.deepEqual(await readyz(), [
      503,
      {
        status: 'not_ready',
        reasons: [
          { check: 'words', why: 'waits for the lease' },
          { check: 'throws', why: 'down' },
          { check: 'hangs', why: 'down' },
        ],
      },
    ])
  })

  it('runs its checks at most once a second, however many callers ask', async () => {
    let looks = 0
    health.started()
    health.check('counted', () => {
      looks += 1
      return null
    })
    const answers = await Promise.all(Array.from({ length: 20 }, readyz))
    for (const answer of answers) assert.deepEqual(answer, [200, { status: 'ready', reasons: [] }])
    assert.equal(looks, 1)
    now += 999
    await readyz()
    assert.equal(looks, 1)
    now += 1
    await readyz()
    assert.equal(looks, 2)
  })

  it('shows metrics, and nothing else', async () => {
    const text = await (await fetch(`${listener.url}/metrics`)).text()
    assert.match(text, /^fractal_test_widgets\{role="test"\} 7$/m)
    assert.match(text, /^nodejs_eventloop_lag_seconds/m)
    assert.equal((await fetch(`${listener.url}/`)).status, 404)
    assert.equal((await fetch(`${listener.url}/readyz`, { method: 'POST' })).status, 405)
  })

  it('on 127.0.0.1 refuses requests that name another host', async () => {
    const status = await new Promise((resolve, reject) => {
      request(`${listener.url}/readyz`, { headers: { host: 'evil.example' } }, (res) => {
        res.resume()
        resolve(res.statusCode)
      })
        .once('error', reject)
        .end()
    })
    assert.equal(status, 421)
  })

  it('says which option is to be changed when its port is taken', async () => {
    const port = Number(new URL(listener.url).port)
    await assert.rejects(startHealthListener(health, metrics, { host: '127.0.0.1', port }), {
      code: 'port_taken',
      hint: /--health\.port/,
    })
  })
})
