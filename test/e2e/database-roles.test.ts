import assert from 'node:assert/strict'
import { attemptsOf } from '../../ledger/requests/attempts.js'
import { getJob } from '../../ledger/requests/jobs.js'
import { makeTestRoles, type TestRoles } from '../support/database-roles.js'
import { useDatabase } from '../support/postgres.js'
import { SmallGrid } from '../support/small-grid.js'
import { useTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'

describe('users’ requests, with each process as its own user of PostgreSQL', function () {
  this.timeout(240_000)
  let roles: TestRoles
  let grid: SmallGrid
  // First: Mocha runs these in the order of their registration, and the roles go before the database.
  after(async () => {
    await grid?.stop()
    await roles?.drop()
  })
  const database = useDatabase()
  const temporal = useTemporal()

  before(async () => {
    roles = await makeTestRoles(database().url)
    grid = await SmallGrid.start(
      {
        apiOptions: { 'database.url': roles.urls.api },
        workerOptions: { 'database.url': roles.urls.worker },
      },
      database(),
      temporal(),
    )
  })

  async function completed(body: object): Promise<string> {
    const res = await grid.post('/v1/videos', { prompt: 'a red ball', ...body })
    assert.equal(res.status, 200, await res.clone().text())
    const { id } = (await res.json()) as { id: string }
    await until('its end', async () => (await getJob(grid.db, id))!.status === 'completed')
    return id
  }

  it('are answered: queued through Temporal, and streamed on an open connection', async () => {
    const [receiver] = await Promise.all([
      grid.post('/v1/webhooks', { url: 'http://127.0.0.1:1/' }),
    ])
    assert.equal(receiver!.status, 200)
    const queued = await completed({})
    const streamed = await grid.post('/v1/videos', { prompt: 'a blue box', stream: true })
    assert.match(await streamed.text(), /"status":"completed"/)
    const content = await grid.fetch(`/v1/videos/${queued}/content`)
    assert.equal(content.status, 200)
    assert((await content.arrayBuffer()).byteLength > 100)
    assert.equal((await grid.fetch(`/v1/videos/${queued}/receipt`)).status, 200)
    // The delivery fails (nobody listens), which is written down too.
    await until('an attempt to deliver', async () => {
      const tried = await grid.db.query(
        'SELECT 1 FROM webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id WHERE e.job_id = $1 AND d.attempts > 0',
        [queued],
      )
      return tried.length === 1
    })
  })

  it('are cancelled, and deleted', async () => {
    const holds = grid.provers.map(({ generator }) => generator.hold(1))
    const res = await grid.post('/v1/videos', { prompt: 'a held ball' })
    const { id } = (await res.json()) as { id: string }
    const { inferenceId } = (await getJob(grid.db, id))!
    await until('an attempt', async () => (await attemptsOf(grid.db, inferenceId)).length > 0)
    await grid.post(`/v1/videos/${id}/cancel`, {})
    await until('its end', async () => (await getJob(grid.db, id))!.status === 'failed')
    for (const hold of holds) hold.release()
    await grid.fetch(`/v1/videos/${id}`, { method: 'DELETE' })
    assert.equal((await grid.fetch(`/v1/videos/${id}`)).status, 404)
  })
})
