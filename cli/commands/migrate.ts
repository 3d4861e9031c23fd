import type { CommandModule } from 'yargs'
import { MIGRATE_OPTIONS } from '../ledger/migrate-options.js'
import { withOptions } from '../options.js'

/** What says where a verifier is, and has nothing to do with its database. */
const ELSEWHERE = new Set<string>(['netuid', 'api.verifier'])

export const migrateCommand: CommandModule = {
  command: 'migrate',
  describe:
    'migrate the database to this version, as its owner; with --roles also create login roles',
  builder: (argv) =>
    withOptions(
      argv,
      MIGRATE_OPTIONS.filter((name) => !ELSEWHERE.has(name)),
    )
      .option('roles', {
        type: 'boolean',
        default: false,
        describe:
          'create the login roles of API, workers and GPU workers, or change their passwords',
      })
      .option('json', { type: 'boolean', describe: 'print JSON' }),
  handler: async (given) => {
    const { migrateLedger } = await import('../ledger/migrate.js')
    await migrateLedger(given, { roles: given.roles === true, json: given.json === true })
  },
}
