import assert from 'node:assert/strict'
import { pino } from 'pino'
import { revokeApiKey } from '../../../ledger/keys/api-keys.js'
import { failJob } from '../../../ledger/requests/jobs.js'
import {
  deliveriesOf,
  recordFailedAttempt,
  recordGone,
} from '../../../ledger/webhooks/deliveries.js'
import { getWebhook, insertWebhook, signingSecrets } from '../../../ledger/webhooks/webhooks.js'
import { newJob, newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { newKey, type TestKey } from '../auth/new-key.js'
import { awayTemporal, type Problem, startApi, type TestApi } from '../server.js'

const ADDRESS = 'https://example.com/hook?token=hidden'

interface Hook {
  id: string
  secret: string
  [member: string]: unknown
}

describe('/v1/webhooks', () => {
  const database = useDatabase()
  const verifierId = newVerifier()
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: (line) => lines.push(line) })
  let server: TestApi
  let development: TestApi
  let key: TestKey
  let other: TestKey
  before(async () => {
    // Temporal is away: events wait in the outbox, nothing here needs it.
    const deps = { db: database().db, temporal: awayTemporal(), verifierId, log }
    server = await startApi(deps)
    development = await startApi({ ...deps, allowPrivateWebhooks: true })
    key = await newKey(database().db)
    other = await newKey(database().db)
  })
  after(async () => {
    await server?.close()
    await development?.close()
  })

  async function ask<T = Hook>(
    method: string,
    path: string,
    { body, as = key, at = server }: { body?: unknown; as?: TestKey; at?: TestApi } = {},
  ): Promise<{ status: number; json: T }> {
    const res = await fetch(`${at.url}/v1/webhooks${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${as.secret}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: res.status, json: (await res.json()) as T }
  }
  let made = 0
  /** An address that the key does not have yet. */
  const another = () => `${ADDRESS}&made=${++made}`
  async function create(url = another(), as = key): Promise<Hook> {
    const { status, json } = await ask('POST', '', { body: { url }, as })
    assert.equal(status, 200, JSON.stringify(json))
    return json
  }
  async function refused(
    asked: Promise<{ status: number; json: unknown }>,
    status: number,
    code: string,
  ): Promise<Problem> {
    const answer = await asked
    const problem = answer.json as Problem
    assert.deepEqual([answer.status, problem.code], [status, code], problem.detail)
    return problem
  }

  it('makes one, and shows its secret this once', async () => {
    const { id, secret, created_at, ...rest } = await create(ADDRESS)
    assert.match(id, /^whk_[0-9a-f]{24}$/)
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    assert.ok(Math.abs(Number(created_at) - Date.now() / 1000) < 60)
    assert.deepEqual(rest, {
      object: 'webhook',
      url: ADDRESS,
      events: ['video.completed', 'video.failed'],
      disabled_at: null,
      disabled_reason: null,
      pending_deliveries: 0,
      old_secret_until: null,
    })
    const shown = { id, created_at, ...rest }
    assert.deepEqual((await ask('GET', `/${id}`)).json, shown)
    assert.deepEqual((await ask('GET', '')).json, { object: 'list', data: [shown] })
    const [stored] = await signingSecrets(database().db, id)
    assert.equal(secret, `whsec_${Buffer.from(stored!).toString('base64')}`)
  })

  it('belongs to its key: another’s is unknown', async () => {
    const { id } = await create()
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['POST', '/test'],
      ['POST', '/rotate-secret'],
      ['GET', '/deliveries'],
    ] as const) {
      for (const who of [id, 'whk_000000000000000000000000', 'whk_1', '..%2f']) {
        const asked = ask(method, `/${who}${path}`, { as: other })
        await refused(asked, 404, 'webhook_not_found')
      }
    }
    assert.deepEqual((await ask('GET', '', { as: other })).json, { object: 'list', data: [] })
    const reader = await newKey(database().db, { scopes: ['read'] })
    const asked = ask('POST', '', { body: { url: ADDRESS }, as: reader })
    await refused(asked, 403, 'insufficient_scope')
  })

  it('takes public addresses only, and repeats none', async () => {
    for (const url of [
      'http://example.com/hidden',
      'https://user:hidden@example.com/',
      'https://127.0.0.1/hidden',
      'https://169.254.169.254/hidden',
      'https://localhost/hidden',
      'https://0x7f.1/hidden',
      'https://[::ffff:10.0.0.1]/hidden',
      `https://example.com/${'hidden'.repeat(400)}`,
      '',
    ]) {
      const problem = await refused(ask('POST', '', { body: { url } }), 400, 'invalid_request')
      assert.ok(!JSON.stringify(problem).includes('hidden'), problem.detail)
      assert.equal(problem.error.param, 'url')
    }
    const body = { url: 'http://localhost:3000/hook' }
    const { status } = await ask('POST', '', { body, at: development, as: other })
    assert.equal(status, 200)
  })

  it('refuses what it does not know', async () => {
    for (const [body, code] of [
      [{}, 'invalid_request'],
      [[], 'invalid_request'],
      [null, 'invalid_request'],
      [{ url: 5 }, 'invalid_request'],
      [{ url: ADDRESS, events: [] }, 'invalid_request'],
      [{ url: ADDRESS, events: ['webhook.test'] }, 'invalid_request'],
      [{ url: ADDRESS, events: ['video.failed', 'video.failed'] }, 'invalid_request'],
      [{ url: ADDRESS, secret: 'whsec_mine' }, 'unknown_field'],
    ] as const) {
      await refused(ask('POST', '', { body }), 400, code)
    }
  })

  it('has each address once, unless the one before is disabled', async () => {
    const url = another()
    const { id } = await create(url)
    await refused(ask('POST', '', { body: { url } }), 409, 'webhook_exists')
    await create(url, other)
    await recordGone(database().db, { eventId: 'evt_', webhookId: id }, 1)
    const again = await create(url)
    for (const each of [id, again.id]) await ask('DELETE', `/${each}`)
  })

  it('ends with its key', async () => {
    const { db } = database()
    const ending = await newKey(db)
    const { id } = await create(another(), ending)
    await ask('POST', `/${id}/test`, { as: ending })
    assert.equal((await ask('GET', `/${id}`, { as: ending })).json.pending_deliveries, 1)
    assert.equal(await revokeApiKey(db, ending.id), 'revoked')
    const row = (await getWebhook(db, id))!
    assert.deepEqual([row.disabledReason, row.pendingDeliveries], ['key_revoked', 0])
    const [delivery] = await deliveriesOf(db, id, { after: null, limit: 1 })
    assert.deepEqual([delivery!.state, delivery!.lastError], ['failed', 'webhook_disabled'])
    // One that was made in the moment of the revocation is told nothing.
    const late = { apiKeyId: ending.id, url: another(), events: ['video.failed' as const] }
    const secret = new Uint8Array(32)
    await insertWebhook(db, { id: 'whk_aaaaaaaaaaaaaaaaaaaaaaaa', ...late, secret }, 10)
    const job = await newJob(db, verifierId, { apiKeyId: ending.id })
    await failJob(db, job.id, { code: 'cancelled', message: 'cancelled' })
    const told = await deliveriesOf(db, 'whk_aaaaaaaaaaaaaaaaaaaaaaaa', { after: null, limit: 1 })
    assert.deepEqual(told, [])
  })

  it('has a bound for each key', async () => {
    const full = await newKey(database().db)
    for (let i = 0; i < 10; i += 1) await create(`https://example.com/${i}`, full)
    const asked = ask('POST', '', { body: { url: ADDRESS }, as: full })
    await refused(asked, 409, 'too_many_webhooks')
  })

  it('is sent a test, which its deliveries show', async () => {
    const { id } = await create()
    const events: string[] = []
    for (let i = 0; i < 3; i += 1) {
      const { status, json } = await ask('POST', `/${id}/test`)
      assert.equal(status, 202)
      events.unshift(json.id)
      const { id: eventId, created_at: _, ...rest } = json
      assert.match(eventId, /^evt_[0-9a-f]{32}$/)
      assert.deepEqual(rest, {
        object: 'webhook.delivery',
        type: 'webhook.test',
        data: { id },
        state: 'pending',
        attempts: 0,
        last_status: null,
        last_error: null,
        next_try_at: null,
        ended_at: null,
      })
    }
    const failed = { attempt: 1, status: 500, error: 'bad_status', nextTryMs: 5000 }
    await recordFailedAttempt(database().db, { eventId: events[0]!, webhookId: id }, failed, {
      attempts: 5,
      hours: 1,
    })
    interface Page {
      data: Record<string, unknown>[]
      first_id: string | null
      last_id: string | null
      has_more: boolean
    }
    const page = async (query: string) => (await ask<Page>('GET', `/${id}/deliveries${query}`)).json
    const { data, ...first } = await page('?limit=2')
    assert.deepEqual(first, {
      object: 'list',
      first_id: events[0],
      last_id: events[1],
      has_more: true,
    })
    const { attempts, last_status, last_error, next_try_at } = data[0]!
    assert.deepEqual([attempts, last_status, last_error], [1, 500, 'bad_status'])
    assert.ok(Number(next_try_at) > Date.now() / 1000)
    const rest = await page(`?after=${first.last_id}`)
    assert.deepEqual([rest.data.map((each) => each.id), rest.has_more], [[events[2]], false])
    for (const query of ['?limit=0', '?limit=101', '?limit=x', '?after=evt_1']) {
      await refused(ask('GET', `/${id}/deliveries${query}`), 400, 'invalid_request')
    }
    await recordGone(database().db, { eventId: events[0]!, webhookId: id }, 2)
    const gone = (await ask('GET', `/${id}`)).json
    assert.equal(gone.disabled_reason, 'gone')
    await refused(ask('POST', `/${id}/test`), 409, 'webhook_disabled')
  })

  it('is tested ten times a minute at most', async () => {
    const { id } = await create()
    const asked = await Promise.all(Array.from({ length: 11 }, () => ask('POST', `/${id}/test`)))
    const statuses = asked.map(({ status }) => status).sort()
    assert.deepEqual(statuses, [...Array(10).fill(202), 429])
    await refused(ask('POST', `/${id}/test`), 429, 'too_many_tests')
  })

  it('gets a new secret, and keeps the old one for a day', async () => {
    const made = await create()
    const { status, json } = await ask('POST', `/${made.id}/rotate-secret`)
    assert.equal(status, 200)
    assert.notEqual(json.secret, made.secret)
    assert.ok(Math.abs(Number(json.old_secret_until) - Date.now() / 1000 - 86_400) < 60)
    const secrets = (await signingSecrets(database().db, made.id)).map(
      (secret) => `whsec_${Buffer.from(secret).toString('base64')}`,
    )
    assert.deepEqual(secrets, [json.secret, made.secret])
    for (let i = 0; i < 3; i += 1) await ask('POST', `/${made.id}/rotate-secret`)
    await refused(ask('POST', `/${made.id}/rotate-secret`), 409, 'too_many_secrets')
  })

  it('is deleted for good', async () => {
    const { id } = await create()
    await ask('POST', `/${id}/test`)
    const { status, json } = await ask('DELETE', `/${id}`)
    assert.deepEqual(
      [status, json],
      [200, { id, object: 'webhook.deleted', deleted: true } as never],
    )
    await refused(ask('GET', `/${id}`), 404, 'webhook_not_found')
    await refused(ask('DELETE', `/${id}`), 404, 'webhook_not_found')
  })

  it('is in no log but by its id', () => {
    const text = lines.join('')
    assert.match(text, /webhook created/)
    assert.doesNotMatch(text, /hidden|whsec_|example\.com/)
  })
})
