import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createLog } from '../../base/log.js'
import { environmentValue } from '../../base/options/options.js'
import { removePostgres, startPostgres } from '../../dev/postgres/start-postgres.js'
import { type Database, openDatabase } from '../../ledger/database.js'
import { migrate } from '../../ledger/schema/migrate.js'

const log = createLog('test', 'silent')

interface Server {
  /** Of a database to run CREATE DATABASE in. */
  url: string
  /** A database with all migrations applied and nothing in it. */
  template: string
  stop(): Promise<void>
}

/** What a test file works with: its own migrated, empty database. */
export interface TestDatabase {
  url: string
  db: Database
}

let server: Promise<Server> | undefined

/** Postgres without care for the disk: a test's data need not survive anything. */
const CARELESS = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

function inDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(sql).finally(() => client.end())
}

async function startServer(): Promise<Server> {
  const template = `fractal_test_${randomBytes(6).toString('hex')}`
  const given = environmentValue(process.env, 'DATABASE_URL')
  if (given !== undefined) {
    await run(given, `CREATE DATABASE ${template}`)
    await migrate(inDatabase(given, template), { log })
    return { url: given, template, stop: () => run(given, `DROP DATABASE ${template}`) }
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'fractal-test-postgres-'))
  const postgres = await startPostgres({ dataDir, port: 0, log, settings: CARELESS })
  await run(postgres.url, `CREATE DATABASE ${template}`)
  await migrate(inDatabase(postgres.url, template), { log })
  return {
    url: postgres.url,
    template,
    stop: async () => {
      await postgres.stop('immediate')
      await removePostgres(dataDir)
    },
  }
}

// Registered on the root suite by the first test file that imports this: one server per run, started
// by the first database and stopped after the last test.
after(async () => {
  await (await server)?.stop()
})

/** Makes a database, migrated or (`empty`) without any table. Who makes it drops it. */
export async function createTestDatabase({
  empty = false,
}: {
  empty?: boolean
} = {}): Promise<{ url: string; drop(): Promise<void> }> {
  server ??= startServer()
  const { url, template } = await server
  const name = `${template}_${randomBytes(4).toString('hex')}`
  await run(url, `CREATE DATABASE ${name} TEMPLATE ${empty ? 'template0' : template}`)
  return {
    url: inDatabase(url, name),
    drop: () => run(url, `DROP DATABASE ${name} WITH (FORCE)`),
  }
}

/**
 * Gives the surrounding suite its own database on real PostgreSQL (embedded, or that of
 * DATABASE_URL), from `before` until `after`.
 */
export function useDatabase(): () => TestDatabase {
  let made: (TestDatabase & { drop(): Promise<void> }) | undefined
  before(async function () {
    this.timeout(240_000)
    const { url, drop } = await createTestDatabase()
    made = { url, drop, db: openDatabase({ url, applicationName: 'fractal-test', max: 8, log }) }
  })
  after(async () => {
    await made?.db.close()
    await made?.drop()
  })
  return () => made!
}
