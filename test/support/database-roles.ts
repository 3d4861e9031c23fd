import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { createLog } from '../../base/log.js'
import { DATABASE_ROLE_KINDS, type DatabaseRoleKind } from '../../ledger/schema/grants.js'
import { migrateWithRoles } from '../../ledger/schema/migrate.js'
import { wantedRoles } from '../../ledger/schema/roles.js'

const log = createLog('test', 'silent')

export interface TestRoles {
  readonly prefix: string
  /** The database's address as each kind of process has it. */
  readonly urls: Readonly<Record<DatabaseRoleKind, string>>
  /** Before the database is dropped: roles are the whole server's. */
  drop(): Promise<void>
}

/** Login roles of a test's own, on its database. */
export async function makeTestRoles(url: string): Promise<TestRoles> {
  const prefix = `test_${randomBytes(6).toString('hex')}`
  const password = randomBytes(12).toString('hex')
  const roles = wantedRoles(prefix, { api: password, worker: password, gpu: password })
  await migrateWithRoles({ url }, { log, roles })
  const as = (kind: DatabaseRoleKind) => {
    const address = new URL(url)
    address.username = `${prefix}_${kind}`
    address.password = password
    return address.href
  }
  return {
    prefix,
    urls: { api: as('api'), worker: as('worker'), gpu: as('gpu') },
    drop: async () => {
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      const names = DATABASE_ROLE_KINDS.map((kind) => `${prefix}_${kind}`).join(', ')
      await client.query(`DROP OWNED BY ${names}; DROP ROLE ${names}`).finally(() => client.end())
    },
  }
}
