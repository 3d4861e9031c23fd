import { readdir } from 'node:fs/promises'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runner } from 'node-pg-migrate'
import pg from 'pg'
import { messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import type { DatabaseAddress } from '../../base/options/database-address.js'
import { LedgerError, toLedgerError } from '../errors.js'
import { grantRoles, makeRoles, type WantedRole } from './roles.js'

const FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url))
const TABLE = 'migrations'
/** An arbitrary constant: every process that migrates takes the same lock. */
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
    { hint: 'Run the newer version of Fractal that applied them; there is no way back.' },
  )
}

/**
 * Throws if this user may not change tables: it is then the role of a process, and the owner has to migrate.
 */
async function refuseUnfit(client: pg.Client, missing: string[]): Promise<void> {
  const { rows } = await client.query<{ may: boolean; user: string }>(
    `SELECT current_user AS user, has_schema_privilege('public', 'CREATE') AND coalesce(
       (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('public.${TABLE}')), true) AS may`,
  )
  const { may, user } = rows[0]!
  if (may) return
  throw new LedgerError(
    'not_migrated',
    `the database lacks ${missing.join(', ')}, and the user ${user} may not migrate it`,
    { hint: 'Run `fractal migrate` as the owner of the database, then start this again.' },
  )
}

async function apply(client: pg.Client, log: Log): Promise<string[]> {
  const known = (await readdir(FOLDER)).map((file) => basename(file, '.sql')).sort()
  const before = await appliedNames(client)
  refuseNewer(before, known)
  const missing = known.filter((name) => !before.includes(name))
  if (missing.length === 0) return []
  await refuseUnfit(client, missing)
  const applied = await runner({
    dbClient: client,
    dir: FOLDER,
    direction: 'up',
    migrationsTable: TABLE,
    schema: 'public',
    // We take the lock ourselves, because it must also cover the check for newer migrations.
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

/** The result of migrating: the migrations applied, and the roles that were granted privileges. */
export interface Migrated {
  names: string[]
  roles: string[]
}

/**
 * Migrates a database to this version: applies the missing ones of `migrations/` in one transaction, then
 * grants our login roles what this version needs. Several processes may call it at once; the others wait and
 * find nothing to do.
 * @returns the names applied, empty when there was nothing to do
 * @throws LedgerError `ledger_newer` if a newer version migrated it, `not_migrated` if migrations are missing
 * that this user may not apply, `migration_failed`, `ledger_unavailable`
 */
export async function migrate(
  address: string | DatabaseAddress,
  { log }: { log: Log },
): Promise<string[]> {
  return locked(address, async (client) => {
    const names = await apply(client, log)
    if (names.length > 0) await grantRoles(client, log)
    if (names.length > 0) log.info({ names }, 'ledger migrated')
    return names
  })
}

/**
 * Like `migrate`, for the owner's command: also creates the wanted login roles, and grants privileges again
 * even if there was nothing to migrate.
 * @throws LedgerError like `migrate`, and `role_missing`, `role_overprivileged`
 */
export async function migrateWithRoles(
  address: DatabaseAddress,
  { log, roles }: { log: Log; roles: readonly WantedRole[] },
): Promise<Migrated> {
  return locked(address, async (client) => {
    const names = await apply(client, log)
    await makeRoles(client, roles)
    return { names, roles: await grantRoles(client, log) }
  })
}

/** Whatever a running process would make of it. */
const STATEMENT_FAILED: readonly string[] = ['ledger_query_failed', 'ledger_newer']

async function locked<T>(
  address: string | DatabaseAddress,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { url, tls }: DatabaseAddress = typeof address === 'string' ? { url: address } : address
  const client = new pg.Client({
    connectionString: url,
    ssl: tls,
    application_name: 'fractal-migrate',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT pg_advisory_lock($1)', [LOCK])
    return await work(client)
  } catch (error) {
    if (error instanceof LedgerError) throw error
    const known = toLedgerError(error)
    if (known instanceof LedgerError && !STATEMENT_FAILED.includes(known.code)) throw known
    throw new LedgerError('migration_failed', `migrating failed: ${messageOf(error)}`, {
      cause: error,
    })
  } finally {
    // Ending the session releases the lock.
    await client.end().catch(() => {})
  }
}
