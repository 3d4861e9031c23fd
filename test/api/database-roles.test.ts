import assert from 'node:assert/strict'
import { Client, Connection } from '@temporalio/client'
import { createLog } from '../../base/log.js'
import { type Database, openDatabase } from '../../ledger/database.js'
import { newVerifier } from '../ledger/fixtures.js'
import { makeTestRoles, type TestRoles } from '../support/database-roles.js'
import { useDatabase } from '../support/postgres.js'
import { makeNamespace, useTemporal } from '../support/temporal.js'
import { VALID_CALLS } from './http/openapi-calls.js'
import { type OpenApiDocument, operationsOf } from './http/openapi-document.js'
import { makeScene, type Scene } from './http/openapi-scene.js'
import { insertTestKey, startApi, type TestApi } from './server.js'

describe('the API as a user of PostgreSQL with few rights', function () {
  this.timeout(240_000)
  let roles: TestRoles
  let mine: Database
  let api: TestApi
  let client: Client
  // First: Mocha runs these in the order of their registration, and the roles go before the database.
  after(async () => {
    await api?.close()
    await mine?.close()
    await client?.connection.close()
    await roles?.drop()
  })
  const database = useDatabase()
  const temporal = useTemporal()
  let scene: Scene

  before(async () => {
    const { db } = database()
    roles = await makeTestRoles(database().url)
    const url = roles.urls.api
    mine = openDatabase({ url, applicationName: 'test', max: 4, log: createLog('test', 'silent') })
    const namespace = await makeNamespace(temporal())
    const connection = await Connection.connect({ address: temporal().address })
    client = new Client({ connection, namespace })
    await insertTestKey(db)
    const verifierId = newVerifier()
    api = await startApi({ db: mine, url, temporal: client, verifierId })
    scene = await makeScene(db, verifierId, client, api)
  })

  it('does all that it is asked for', async () => {
    const document = (await (await api.fetch('/openapi.json')).json()) as OpenApiDocument
    for (const { operationId, method } of operationsOf(document)) {
      const { path, body, headers, status = 200 } = VALID_CALLS[operationId]!(scene)
      const res = await api.fetch(path, {
        method,
        headers: {
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      assert.equal(res.status, status, `${operationId}: ${await res.text()}`)
    }
  })

  it('makes the same video once under an Idempotency-Key, notes the key’s use, and counts it', async () => {
    const { db } = database()
    await db.execute(
      'UPDATE api_keys SET requests_per_minute = 60, daily_cost = 1000000000, last_used_at = NULL',
    )
    const make = async () => {
      const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': 'one' }
      const body = JSON.stringify({ prompt: 'a red circle', seed: 7 })
      const res = await api.fetch('/v1/videos', { method: 'POST', headers, body })
      assert.equal(res.status, 200, await res.clone().text())
      return ((await res.json()) as { id: string }).id
    }
    const id = await make()
    assert.equal(await make(), id)
    // Cancelled with a webhook to tell: the trigger writes the event as this user.
    await db.execute(`UPDATE webhooks SET disabled_at = NULL, disabled_reason = NULL`)
    const res = await api.fetch(`/v1/videos/${id}/cancel`, { method: 'POST' })
    assert.equal(((await res.json()) as { status: string }).status, 'failed')
    const events = await db.query('SELECT 1 FROM webhook_events WHERE job_id = $1', [id])
    assert.equal(events.length, 1)
    const [key] = await db.query<{ costUsed: number }>('SELECT cost_used FROM api_keys')
    assert(key!.costUsed > 0)
  })
})
