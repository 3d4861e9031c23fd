import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createLog } from '../../../base/log.js'
import { openDatabase } from '../../../ledger/database.js'
import { LedgerError } from '../../../ledger/errors.js'
import { migrate } from '../../../ledger/schema/migrate.js'
import { createTestDatabase } from '../../support/postgres.js'

const log = createLog('test', 'silent')

const SCRIPT = `
  import { createLog } from './base/log.ts'
  import { migrate } from './ledger/schema/migrate.ts'
  const names = await migrate(process.argv[1], { log: createLog('test', 'silent') })
  console.log(JSON.stringify(names))
`

async function migrateInProcess(url: string): Promise<string[]> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', SCRIPT, url],
    { cwd: new URL('../../..', import.meta.url), stdio: ['ignore', 'pipe', 'inherit'] },
  )
  let text = ''
  child.stdout.on('data', (chunk) => {
    text += chunk
  })
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
  return JSON.parse(text)
}

describe('ledger/migrate', () => {
  let url: string
  let drop: () => Promise<void>

  beforeEach(async () => {
    const made = await createTestDatabase({ empty: true })
    url = made.url
    drop = made.drop
  })

  afterEach(() => drop())

  it('applies every file once, in order, also when two processes migrate concurrently', async () => {
    const files = (await readdir(new URL('../../../migrations', import.meta.url))).sort()
    const [one, other] = await Promise.all([migrateInProcess(url), migrateInProcess(url)])
    const [all, none] = one.length > 0 ? [one, other] : [other, one]
    assert.deepEqual(
      all.map((name) => `${name}.sql`),
      files,
    )
    assert.deepEqual(none, [])
    assert.deepEqual(await migrate(url, { log }), [])
  })

  it('refuses a database of a newer version, and leaves it alone', async () => {
    await migrate(url, { log })
    const db = openDatabase({ url, applicationName: 'test', max: 1, log })
    await db.execute(`INSERT INTO migrations (name, run_on) VALUES ('9999_from_later', now())`)
    await assert.rejects(
      migrate(url, { log }),
      (error) =>
        error instanceof LedgerError &&
        error.code === 'ledger_newer' &&
        /9999_from_later/.test(error.message),
    )
    await db.close()
  })

  it('says that Postgres is not available', async () => {
    await assert.rejects(
      migrate('postgres://fractal@127.0.0.1:1/fractal', { log }),
      (error) => error instanceof LedgerError && error.code === 'ledger_unavailable',
    )
  })

  it('says so too when something accepts connections and does not answer', async () => {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    try {
      const { port } = server.address() as AddressInfo
      await assert.rejects(
        migrate(`postgres://fractal@127.0.0.1:${port}/none`, { log }),
        (error: unknown) => error instanceof LedgerError && error.code === 'ledger_unavailable',
      )
    } finally {
      for (const socket of sockets) socket.destroy()
      server.close()
    }
  })

  it('comments on each table', async () => {
    await migrate(url, { log })
    const db = openDatabase({ url, applicationName: 'test', max: 1, log })
    const silent = await db.query(
      `SELECT relname FROM pg_class
       WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'migrations'
         AND obj_description(oid) IS NULL`,
    )
    await db.close()
    assert.deepEqual(silent, [])
  })
})
