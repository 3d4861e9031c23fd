import assert from 'node:assert/strict'
import { Client, Connection } from '@temporalio/client'
import { makeScene } from '../api/http/openapi-scene.js'
import { startApi, TEST_KEY, type TestApi } from '../api/server.js'
import { newVerifier } from '../ledger/fixtures.js'
import { useDatabase } from '../support/postgres.js'
import { makeNamespace, useTemporal } from '../support/temporal.js'
import { useSchemathesis } from './schemathesis/install.js'

describe('schemathesis, against the API', function () {
  this.timeout(1_200_000)
  const database = useDatabase()
  const temporal = useTemporal()
  const schemathesis = useSchemathesis()
  let api: TestApi
  let client: Client
  before(async () => {
    const verifierId = newVerifier()
    const namespace = await makeNamespace(temporal())
    const connection = await Connection.connect({ address: temporal().address })
    client = new Client({ connection, namespace })
    const { db, url } = database()
    api = await startApi({ db, url, temporal: client, verifierId })
    await makeScene(db, verifierId, client, api)
  })
  after(async () => {
    await api?.close()
    await client?.connection.close()
  })

  it('finds nothing that is not as the OpenAPI document says', async () => {
    const { code, output } = await schemathesis().run([
      `${api.url}/openapi.json`,
      '--header',
      `Authorization: Bearer ${TEST_KEY}`,
      '--max-examples',
      '50',
      '--seed',
      '1',
    ])
    assert.equal(code, 0, output)
    // Calls about what an earlier one made: it leaves them out where it finds no way from one to the other.
    const [links] = /API Links: +[1-9].*/.exec(output) ?? []
    assert.ok(links, output)
    console.warn(`      ${links}`)
  })
})
