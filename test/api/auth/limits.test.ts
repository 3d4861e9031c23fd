import assert from 'node:assert/strict'
import type { Video } from '../../../api/videos/object.js'
import { createLog } from '../../../base/log.js'
import { type Database, openDatabase } from '../../../ledger/database.js'
import type { NewApiKey } from '../../../ledger/keys/api-keys.js'
import { failJob } from '../../../ledger/requests/jobs.js'
import { newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { useTemporal } from '../../support/temporal.js'
import { type Problem, post, startApi, type TestApi } from '../server.js'
import { jobsOf, newKey, type TestKey } from './new-key.js'

/** Of the model's standard video: steps × frames × width × height. */
const COST = 12 * 16 * 64 * 64
const RACE = 20

describe('limits of API keys, over two APIs', () => {
  const database = useDatabase()
  const temporal = useTemporal()
  const verifierId = newVerifier()
  const pools: Database[] = []
  const servers: TestApi[] = []
  before(async () => {
    const log = createLog('test', 'silent')
    for (const applicationName of ['api-1', 'api-2']) {
      const db = openDatabase({ url: database().url, applicationName, max: 8, log })
      pools.push(db)
      servers.push(await startApi({ db, temporal: temporal().client, verifierId }))
    }
  })
  after(async () => {
    await Promise.all(servers.map((server) => server.close()))
    await Promise.all(pools.map((pool) => pool.close()))
  })

  const key = (changes: Partial<NewApiKey>) => newKey(database().db, changes)
  const ask = ({ secret }: TestKey, body: object = {}, server = 0) =>
    post(
      `${servers[server]!.url}/v1/videos`,
      { prompt: 'x', ...body },
      { Authorization: `Bearer ${secret}` },
    )
  /** Asks both APIs at once. @returns the refusals, having asserted how many were taken */
  async function race(of: TestKey, taken: number, code: string): Promise<Response[]> {
    const answers = await Promise.all(Array.from({ length: RACE }, (_, i) => ask(of, {}, i % 2)))
    const refusals = answers.filter(({ status }) => status !== 200)
    assert.equal(answers.length - refusals.length, taken)
    assert.equal((await jobsOf(database().db, of)).length, taken, 'what is refused is not stored')
    for (const refusal of refusals) {
      assert.equal(refusal.status, 429)
      const problem = (await refusal.clone().json()) as Problem
      assert.deepEqual([problem.code, problem.error.type], [code, 'rate_limit_error'])
    }
    return refusals
  }
  const costUsed = async ({ id }: TestKey) => {
    const sql = 'SELECT cost_used FROM api_keys WHERE id = $1'
    const [row] = await database().db.query<{ costUsed: number }>(sql, [id])
    return row!.costUsed
  }

  it('take exactly the bucket of requests a minute, and say when to come back', async () => {
    const three = await key({ requestsPerMinute: 3 })
    const refusals = await race(three, 3, 'rate_limited')
    for (const { headers } of refusals) {
      const wait = Number(headers.get('retry-after'))
      assert.ok(wait >= 1 && wait <= 20, `one comes back every 20 s: ${wait}`)
      assert.equal(headers.get('ratelimit-policy'), '"rate";q=3;w=60')
      assert.equal(headers.get('ratelimit'), `"rate";r=0;t=${wait}`)
    }
    const one = await key({ requestsPerMinute: 1 })
    await ask(one)
    const { detail } = (await (await ask(one)).json()) as Problem
    assert.equal(detail, 'This key may ask for 1 video a minute.')
    // As the bucket will be when that time has passed.
    const pass = 'UPDATE api_keys SET bucket_full_at_us = bucket_full_at_us - $2 WHERE id = $1'
    const wait = Number(refusals[0]!.headers.get('retry-after'))
    await database().db.execute(pass, [three.id, wait * 1_000_000])
    assert.equal((await ask(three)).status, 200)
    assert.equal((await ask(three)).status, 429)
  })

  it('take exactly as many videos as may run concurrently', async () => {
    const { db } = database()
    const four = await key({ concurrentVideos: 4 })
    const refusals = await race(four, 4, 'too_many_videos')
    for (const { headers } of refusals) {
      assert.equal(headers.get('retry-after'), '5')
      assert.equal(headers.get('ratelimit-policy'), '"videos";q=4;qu="concurrent-requests"')
      assert.equal(headers.get('ratelimit'), '"videos";r=0')
    }
    const [first] = await jobsOf(db, four)
    await failJob(db, first!, { code: 'cancelled', message: 'cancelled' })
    const after = await ask(four)
    assert.deepEqual([after.status, after.headers.get('ratelimit')], [200, '"videos";r=0'])
    assert.equal((await ask(four)).status, 429)
  })

  it('take exactly what the day’s quota pays for, until midnight', async () => {
    const rich = await key({ dailyCost: 3 * COST + 1 })
    const refusals = await race(rich, 3, 'quota_exceeded')
    assert.equal(await costUsed(rich), 3 * COST)
    for (const { headers } of refusals) {
      const midnight = new Date().setUTCHours(24, 0, 0, 0)
      const wait = Number(headers.get('retry-after'))
      assert.ok(Math.abs(wait - (midnight - Date.now()) / 1000) < 30, `${wait} s to midnight`)
      assert.equal(headers.get('ratelimit'), `"cost";r=1;t=${wait}`)
    }
    assert.equal((await ask(rich, { steps: 1, num_frames: 1, size: '8x8' })).status, 429)
    const yesterday = 'UPDATE api_keys SET cost_day = cost_day - 1 WHERE id = $1'
    await database().db.execute(yesterday, [rich.id])
    const next = await ask(rich)
    assert.equal(next.status, 200)
    assert.match(next.headers.get('ratelimit')!, new RegExp(`^"cost";r=${2 * COST + 1};t=`))
    assert.equal(await costUsed(rich), COST)
  })

  it('refuse for good what costs more than any day has', async () => {
    const poor = await key({ dailyCost: COST - 1 })
    const res = await ask(poor)
    const { code } = (await res.json()) as Problem
    assert.deepEqual([res.status, code], [400, 'limit_exceeded'])
    assert.equal(res.headers.get('retry-after'), null, 'no wait helps')
    assert.equal((await ask(poor, { steps: 11 })).status, 200)
  })

  it('count nothing that is refused or answered from the store', async () => {
    const all = await key({ requestsPerMinute: 2, concurrentVideos: 5, dailyCost: 10 * COST })
    assert.equal((await ask(all, { prompt: '' })).status, 400)
    assert.equal((await ask(all, { steps: 100_000 })).status, 400)
    const same = { seed: 7 }
    const answers = await Promise.all(Array.from({ length: RACE }, (_, i) => ask(all, same, i % 2)))
    const ids = await Promise.all(
      answers.map(async (answer) => ((await answer.json()) as Video).id),
    )
    assert.equal(new Set(ids).size, 1, 'asked for at once, made once')
    assert.equal(await costUsed(all), COST)
    const policy = `"rate";q=2;w=60, "videos";q=5;qu="concurrent-requests", "cost";q=${10 * COST};w=86400;qu="fractal-cost"`
    const repeated = await ask(all, same)
    assert.equal(repeated.headers.get('ratelimit-policy'), policy)
    assert.match(
      repeated.headers.get('ratelimit')!,
      new RegExp(`^"rate";r=1;t=\\d+, "videos";r=4, "cost";r=${9 * COST};t=\\d+$`),
    )
    assert.equal((await ask(all)).status, 200)
    assert.equal((await ask(all)).status, 429)
    assert.equal((await ask(all, same)).status, 200, 'the store answers also who is at the limit')
    assert.equal(await costUsed(all), 2 * COST)
  })

  it('hold up nobody else when one key asks for more than it may', async () => {
    const { db } = database()
    const [flooding, other] = [await key({ requestsPerMinute: 1000 }), await key({})]
    let flood: Promise<Response[]> = Promise.resolve([])
    // As if the key's requests at other APIs took their time.
    await db.tx(async (tx) => {
      await tx.query('SELECT 1 FROM api_keys WHERE id = $1 FOR UPDATE', [flooding.id])
      flood = Promise.all(Array.from({ length: RACE }, () => ask(flooding)))
      const waiting = `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'api-1'`
      const deadline = Date.now() + 5_000
      while ((await db.query(waiting)).length === 0) {
        assert.ok(Date.now() < deadline, 'a request waits for the key’s row')
      }
      for (let i = 0; i < RACE; i += 1) assert.equal((await ask(other)).status, 200)
      assert.equal((await db.query(waiting)).length, 1, 'the others wait without a connection')
    })
    assert.ok((await flood).every(({ status }) => status === 200))
  })

  it('say nothing of limits to a key that has none', async () => {
    const res = await ask(await key({}))
    assert.deepEqual(
      [res.headers.get('ratelimit'), res.headers.get('ratelimit-policy')],
      [null, null],
    )
  })
})
