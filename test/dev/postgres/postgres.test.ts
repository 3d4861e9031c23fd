import assert from 'node:assert/strict'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createLog } from '../../../base/log.js'
import {
  type Postgres,
  removePostgres,
  startPostgres,
} from '../../../dev/postgres/start-postgres.js'
import { assertFree } from '../../../dev/process/ports.js'

const log = createLog('test', 'silent')

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  // A server that is killed breaks its connections; the query's own error says it.
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

describe('embedded Postgres', function () {
  this.timeout(240_000)
  let folder: string
  let dataDir: string
  let running: Postgres | null = null
  const start = async (port = 0) => {
    running = await startPostgres({ dataDir, port, log })
    return running
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-postgres-'))
    dataDir = join(folder, 'pg')
  })
  after(async () => {
    await running?.stop('immediate')
    await removePostgres(dataDir)
    await rm(folder, { recursive: true, force: true })
  })

  it('starts under a 0700 folder, with a database of its own and no way in without its password', async () => {
    const server = await start()
    const [row] = await query(server.url, 'SELECT current_database() AS name, version() AS version')
    assert.equal(row!.name, 'fractal')
    assert.match(String(row!.version), /^PostgreSQL 18/)
    const [where] = await query(server.url, 'SHOW listen_addresses')
    assert.deepEqual(where, { listen_addresses: '127.0.0.1' })
    assert.equal((await stat(join(dataDir, 'password'))).mode & 0o777, 0o600)
    const wrong = new URL(server.url)
    wrong.password = 'wrong'
    await assert.rejects(query(wrong.href, 'SELECT 1'), { code: '28P01' })
    await query(server.url, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)')
  })

  it('refuses a taken port in one line', async () => {
    const { port } = running!
    await assert.rejects(startPostgres({ dataDir: join(folder, 'other'), port, log }), {
      code: 'port_taken',
      message: `Port ${port} is taken; Postgres wants it.`,
    })
  })

  it('continues on the same data and address after kill -9', async () => {
    const before = running!
    await before.kill()
    assert.deepEqual(await before.exited, { code: null, signal: 'SIGKILL' })
    const server = await start(before.port)
    assert.equal(server.url, before.url)
    assert.deepEqual(await query(server.url, 'SELECT n FROM kept'), [{ n: 1 }])
  })

  it('stops the server an earlier run left behind, and takes over its data', async () => {
    const left = running!
    const server = await start(left.port)
    await left.exited
    assert.notEqual(server.pid, left.pid)
    assert.deepEqual(await query(server.url, 'SELECT n FROM kept'), [{ n: 1 }])
  })

  it('stops, and lets its port go', async () => {
    const server = running!
    await server.stop()
    assert.deepEqual(await server.exited, { code: 0, signal: null })
    await assertFree(server.port, 'nobody')
    await start()
    assert.deepEqual(await query(running!.url, 'SELECT n FROM kept'), [{ n: 1 }])
  })
})
