import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { messageOf } from '../base/errors.js'
import type { Log } from '../base/log.js'
import { LedgerError, toLedgerError } from './errors.js'

const FOLDER = fileURLToPath(new URL('../migrations', import.meta.url))
const TABLE = 'migrations'
/** Any constant of ours: every process that migrates takes the same lock. */
const LOCK = 0x46524143
const CONNECT_TIMEOUT_MS = 5_000

async function appliedNames(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ table: string | null }>(
    `SELECT to_regclass('public.${TABLE}')::text AS table`,
  )
  if (rows[0]?.table == null) return []
  const applied = await client.query<{ name: string }>(`SELECT name FROM public.${TABLE}`)
  return applied.rows.map((row) => row.name)
}

function refuseNewer(applied: string[], known: string[]): void {
  const unknown = applied.filter((name) => !known.includes(name))
  if (unknown.length === 0) return
  throw new LedgerError(
    'ledger_newer',
    `the database has migrations this version does not know: ${unknown.join(', ')}`,
    { hint: 'Run the newer version of Fractal that made them; there is no way back.' },
  )
}

async function apply(client: pg.Client, log: Log): Promise<string[]> {
  const known = (await readdir(FOLDER)).map((file) => basename(file, '.sql'))
  refuseNewer(await appliedNames(client), known)
  const applied = await runner({
    dbClient: client,
    dir: FOLDER,
    direction: 'up',
    migrationsTable: TABLE,
    schema: 'public',
    // The lock is ours, because it also covers the look for newer migrations.
    noLock: true,
    singleTransaction: true,
    logger: {
      debug: () => {},
      info: () => {},
      warn: (message: string) => log.warn({ reason: message }, 'migration warning'),
      error: (message: string) => log.error({ reason: message }, 'migration error'),
    },
  })
  return applied.map((migration) => migration.name)
}

/**
 * Brings the database at `url` to this version: applies what is missing of `migrations/`, in one
 * transaction. Several processes may call it at once; the others wait and find nothing to do.
 * @returns the names applied, empty when there was nothing to do
 * @throws LedgerError `ledger_newer` when a newer version migrated it, `migration_failed`, `ledger_unavailable`
 */
export async function migrate(url: string, { log }: { log: Log }): Promise<string[]> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'fractal-migrate',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT pg_advisory_lock($1)', [LOCK])
    const names = await apply(client, log)
    if (names.length > 0) log.info({ names }, 'ledger migrated')
    return names
  } catch (error) {
    const known = toLedgerError(error)
    if (known instanceof LedgerError && known.code !== 'ledger_query_failed') throw known
    throw new LedgerError('migration_failed', `migrating failed: ${messageOf(error)}`, {
      cause: error,
    })
  } finally {
    // Ending the session releases the lock.
    await client.end().catch(() => {})
  }
}
