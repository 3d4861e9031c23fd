import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import type { Queryable } from '../../../ledger/database.js'
import { listApiKeys, recordApiKeyUse, revokeApiKey } from '../../../ledger/keys/api-keys.js'
import { newJob, newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { useTemporal } from '../../support/temporal.js'
import { type Problem, post, startApi, type TestApi } from '../server.js'
import { newKey, type TestKey } from './new-key.js'

const NO_VIDEO = '/v1/videos/video_000000000000000000000000'

describe('API keys', () => {
  const database = useDatabase()
  const temporal = useTemporal()
  const verifierId = newVerifier()
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line) => lines.push(line) })
  /** How much older than it is what the APIs believe seems to them, in milliseconds. */
  let ahead = 0
  /** How far the machine's clock is set back. */
  let setBack = 0
  const servers: TestApi[] = []
  before(async () => {
    const deps = { db: database().db, temporal: temporal().client, verifierId, log }
    for (const publicNetwork of [true, false]) {
      const now = () => Date.now() - setBack
      const elapsed = () => performance.now() + ahead
      servers.push(await startApi({ ...deps, publicNetwork, now, elapsed }))
    }
  })
  after(() => Promise.all(servers.map((server) => server.close())))

  const ask = (headers: Record<string, string>, path = NO_VIDEO, server = servers[0]!) =>
    fetch(`${server.url}${path}`, { headers })
  const bearer = ({ secret }: TestKey) => ({ Authorization: `Bearer ${secret}` })
  async function refused(res: Response, status: number, code: string): Promise<Problem> {
    const problem = (await res.json()) as Problem
    assert.deepEqual([res.status, problem.code], [status, code], problem.detail)
    return problem
  }
  const lastUsedAt = async ({ id }: TestKey) =>
    (await listApiKeys(database().db)).find((row) => row.id === id)!.lastUsedAt

  it('are asked for, and a wrong one is told what is wrong', async () => {
    const unknown = `fk_${'A'.repeat(43)}`
    const cases: [headers: Record<string, string>, message: RegExp, error: boolean][] = [
      [{}, /none was sent/, false],
      [{ 'X-Api-Key': unknown }, /a header that is not supported/, false],
      [{ 'Api-Key': unknown }, /a header that is not supported/, false],
      [{ Authorization: unknown }, /Bearer, a space and the API key/, false],
      [{ Authorization: `Basic ${unknown}` }, /Bearer, a space and the API key/, false],
      [{ Authorization: 'Bearer' }, /Bearer, a space and the API key/, false],
      [{ Authorization: `Bearer ${unknown} ${unknown}` }, /Bearer, a space and the API key/, false],
      [{ Authorization: 'Bearer sk-1234' }, /is malformed/, true],
      [{ Authorization: `Bearer ${unknown}x` }, /is malformed/, true],
      [{ Authorization: `Bearer ${unknown}` }, /is unknown/, true],
      [{ Authorization: `bearer  ${unknown}` }, /is unknown/, true],
    ]
    for (const [headers, message, isInvalid] of cases) {
      const res = await ask(headers)
      const challenge = `Bearer realm="fractal"${isInvalid ? ', error="invalid_token"' : ''}`
      assert.equal(res.headers.get('www-authenticate'), challenge)
      const problem = await refused(res, 401, 'invalid_api_key')
      assert.match(problem.detail, message)
      assert.equal(problem.error.type, 'authentication_error')
      assert.ok(!JSON.stringify(problem).includes(unknown), 'a key is never repeated')
    }
    // Before a body is looked at, and for every operation of videos.
    const body = await fetch(`${servers[0]!.url}/v1/videos`, { method: 'POST', body: 'x' })
    await refused(body, 401, 'invalid_api_key')
    await refused(await ask({}, '/v1/models'), 401, 'invalid_api_key')
  })

  it('open what their scopes say', async () => {
    const { db } = database()
    const [generate, read, admin] = await Promise.all([
      newKey(db, { scopes: ['generate'] }),
      newKey(db, { scopes: ['read'] }),
      newKey(db, { scopes: ['admin'] }),
    ])
    const create = (key: TestKey) =>
      post(`${servers[0]!.url}/v1/videos`, { prompt: 'x' }, bearer(key))
    for (const key of [generate, admin]) assert.equal((await create(key)).status, 200)
    const denied = await create(read)
    const challenge = 'Bearer realm="fractal", error="insufficient_scope", scope="generate"'
    assert.equal(denied.headers.get('www-authenticate'), challenge)
    const problem = await refused(denied, 403, 'insufficient_scope')
    assert.deepEqual([problem.error.type, problem.hint], ['permission_error', 'It has: read.'])
    await refused(await ask(bearer(generate)), 403, 'insufficient_scope')
    for (const key of [read, admin]) await refused(await ask(bearer(key)), 404, 'video_not_found')
  })

  it('see their own videos, and nobody sees those made before there were keys', async () => {
    const { db } = database()
    const [mine, other] = await Promise.all([newKey(db), newKey(db, { scopes: ['admin'] })])
    const job = await newJob(db, verifierId, { apiKeyId: mine.id })
    const old = await newJob(db, verifierId, { apiKeyId: 'local' })
    assert.equal((await ask(bearer(mine), `/v1/videos/${job.id}`)).status, 200)
    await refused(await ask(bearer(other), `/v1/videos/${job.id}`), 404, 'video_not_found')
    await refused(await ask(bearer(other), `/v1/videos/${old.id}`), 404, 'video_not_found')
  })

  it('are needed for the network where it is not public, and never for what machines ask', async () => {
    const key = await newKey(database().db, { scopes: ['read'] })
    const [open, closed] = servers as [TestApi, TestApi]
    for (const path of ['/v1/network/provers', '/v1/network/intervals']) {
      assert.equal((await ask({}, path, open)).status, 200)
      await refused(await ask({}, path, closed), 401, 'invalid_api_key')
      assert.equal((await ask(bearer(key), path, closed)).status, 200)
    }
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json']) {
      assert.equal((await ask({}, path, closed)).status, 200, path)
    }
  })

  it('die on every API within two seconds of being revoked', async () => {
    const { db } = database()
    const key = await newKey(db)
    for (const server of servers) {
      await refused(await ask(bearer(key), NO_VIDEO, server), 404, 'video_not_found')
    }
    assert.equal(await revokeApiKey(db, key.id), 'revoked')
    assert.equal(await revokeApiKey(db, key.id), 'revoked_before')
    // Also when the clock is set back meanwhile.
    setBack = 60_000
    ahead += 2_000
    for (const server of servers) {
      const problem = await refused(
        await ask(bearer(key), NO_VIDEO, server),
        401,
        'invalid_api_key',
      )
      assert.match(problem.detail, /was revoked/)
    }
  })

  it('end their event streams with them, at the next beat', async () => {
    const { db } = database()
    const [ending, staying] = [await newKey(db), await newKey(db)]
    // Each time it is asked it is later than a key is believed.
    let clock = performance.now()
    const elapsed = () => {
      clock += 2_000
      return clock
    }
    const deps = { db, temporal: temporal().client, verifierId, log, elapsed, heartbeatMs: 50 }
    const server = await startApi(deps)
    const leaving = new AbortController()
    try {
      const open = async (key: TestKey) => {
        const job = await newJob(db, verifierId, { apiKeyId: key.id })
        const headers = bearer(key)
        const { signal } = leaving
        const res = await fetch(`${server.url}/v1/videos/${job.id}/events`, { headers, signal })
        assert.equal(res.status, 200)
        return res.body!.getReader()
      }
      const [ends, stays] = [await open(ending), await open(staying)]
      const beats = async (reader: typeof ends, count: number) => {
        for (let seen = 0; seen < count; ) {
          const { value, done } = await reader.read()
          assert.equal(done, false)
          if (Buffer.from(value!).includes(': keep-alive')) seen += 1
        }
      }
      await beats(ends, 3)
      await revokeApiKey(db, ending.id)
      await assert.rejects(async () => {
        for (;;) await ends.read()
      }, /terminated/)
      await beats(stays, 3)
    } finally {
      leaving.abort()
      await server.close()
    }
  })

  it('remember when they were used, to the minute', async () => {
    const { db } = database()
    const key = await newKey(db)
    assert.equal(await lastUsedAt(key), null)
    await ask(bearer(key))
    const deadline = Date.now() + 5_000
    let first: Date | null = null
    while (first === null) {
      assert.ok(Date.now() < deadline, 'its use was noted')
      await sleep(5)
      first = await lastUsedAt(key)
    }
    await recordApiKeyUse(db, key.id)
    assert.deepEqual(await lastUsedAt(key), first, 'not written again within a minute')
    const age = "UPDATE api_keys SET last_used_at = now() - interval '61 seconds' WHERE id = $1"
    await db.execute(age, [key.id])
    await recordApiKeyUse(db, key.id)
    assert.ok((await lastUsedAt(key))! >= first)
  })

  it('stand nowhere: not in the database, not in logs or metrics, not in answers', async () => {
    const { db } = database()
    const key = await newKey(db, { requestsPerMinute: 9 })
    const url = `${servers[0]!.url}/v1/videos`
    const answers = [
      await post(url, { prompt: 'x', seed: 1 }, bearer(key)),
      await post(url, { prompt: 'x', seed: 1 }, bearer(key)),
      await post(url, '{', bearer(key)),
      await ask(bearer(key)),
      await ask({ Authorization: `Basic ${key.secret}` }),
      await ask({}, '/metrics'),
    ]
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 400, 404, 401, 200],
    )
    const texts = await Promise.all(answers.map((answer) => answer.text()))
    const hex = Buffer.from(key.secret).toString('hex')
    const stored = await everything(db)
    assert.ok(stored.includes(key.id), 'the search reads the table of keys')
    for (const text of [...texts, ...lines, stored]) {
      assert.ok(!text.includes(key.secret) && !text.includes(hex))
    }
    assert.ok(lines.length > 0)
  })
})

/** All rows of all tables as text; bytes as hex. */
async function everything(db: Queryable): Promise<string> {
  const tables = await db.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  )
  const rows = await Promise.all(
    tables.map(({ name }) => db.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`)),
  )
  return rows
    .flat()
    .map(({ row }) => row)
    .join('\n')
}
