import assert from 'node:assert/strict'
import { newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { withHost } from '../../support/with-host.js'
import { awayDatabase, awayTemporal, type Problem, startApi, TEST_KEY } from '../server.js'

const RTL_OVERRIDE = '\u202e'

describe('whom the API answers, and what it repeats', () => {
  const database = useDatabase()
  const db = awayDatabase()
  const temporal = awayTemporal()
  after(() => Promise.all([db.close(), temporal.connection.close()]))
  const start = (onlyLoopback: boolean, ledger = db) =>
    startApi({ db: ledger, temporal, verifierId: newVerifier(), onlyLoopback })

  it('refuses other names than this machine’s while it listens to it alone', async () => {
    const server = await start(true)
    try {
      const { port } = new URL(server.url)
      for (const path of ['/healthz', '/metrics', '/v1/network/provers', '/v1/videos']) {
        const { status, text } = await withHost(`${server.url}${path}`, `rebound.example:${port}`)
        assert.equal(status, 421, path)
        assert.equal((JSON.parse(text) as Problem).code, 'misdirected')
      }
      for (const host of ['localhost', `127.0.0.1:${port}`, `[::1]:${port}`]) {
        assert.equal((await withHost(`${server.url}/healthz`, host)).status, 200, host)
      }
    } finally {
      await server.close()
    }
  })

  it('takes any name where it was told to listen to others', async () => {
    const server = await start(false)
    try {
      assert.equal((await withHost(`${server.url}/healthz`, 'api.example')).status, 200)
    } finally {
      await server.close()
    }
  })

  it('repeats names bounded, and without what a terminal or page would act on', async () => {
    const server = await start(true, database().db)
    const post = (field: string) =>
      withHost(`${server.url}/v1/videos`, 'localhost', {
        method: 'POST',
        headers: { authorization: `Bearer ${TEST_KEY}` },
        body: JSON.stringify({ prompt: 'x', [field]: 1 }),
      })
    try {
      for (const field of [`a${RTL_OVERRIDE}b\u0085\u2028`, `${'x'.repeat(63)}🦊`.repeat(1000)]) {
        const { text } = await post(field)
        const { detail, error } = JSON.parse(text) as Problem
        assert.equal(error.code, 'unknown_field')
        assert.ok(error.param!.length <= 70 && detail.length < 200, detail)
        assert.doesNotMatch(detail + error.param, /[\p{C}\p{Zl}]/u)
      }
      const path = `/v1/${'x'.repeat(4000)}`
      const missing = await withHost(`${server.url}${path}`, 'localhost')
      assert.equal(missing.status, 404)
      assert.ok(missing.text.length < 1000, 'detail and instance are bounded')
      const method = await withHost(`${server.url}/v1/videos/${'x'.repeat(4000)}`, 'localhost', {
        method: 'PATCH',
      })
      assert.equal(method.status, 404)
      assert.ok(method.text.length < 1000)
    } finally {
      await server.close()
    }
  })
})
