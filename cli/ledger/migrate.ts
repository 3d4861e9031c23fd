import { createLog } from '../../base/log.js'
import { databaseAddress } from '../../base/options/database-address.js'
import { resolveOptions } from '../../base/options/options.js'
import { migrateWithRoles } from '../../ledger/schema/migrate.js'
import { wantedRoles } from '../../ledger/schema/roles.js'
import { printJson, printLine } from '../output.js'
import { environmentBesideDemo } from './access.js'
import { MIGRATE_OPTIONS } from './migrate-options.js'

/** Brings the ledger to this version, and what our login roles may do with it. */
export async function migrateLedger(
  given: Readonly<Record<string, unknown>>,
  { roles, json }: { roles: boolean; json: boolean },
): Promise<void> {
  const options = resolveOptions(MIGRATE_OPTIONS, given, environmentBesideDemo(given))
  const passwords = {
    api: options['roles.api_password'],
    worker: options['roles.worker_password'],
    gpu: options['roles.gpu_password'],
  }
  const done = await migrateWithRoles(databaseAddress(options), {
    log: createLog('migrate', 'warn'),
    roles: roles ? wantedRoles(options['roles.prefix'], passwords) : [],
  })
  if (json) {
    printJson({ applied: done.names, roles: done.roles })
    return
  }
  printLine(
    done.names.length === 0 ? 'nothing to migrate' : `migrated     ${done.names.join(', ')}`,
  )
  if (done.roles.length > 0) printLine(`rights given ${done.roles.join(', ')}`)
}
