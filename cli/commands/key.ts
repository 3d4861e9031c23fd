import type { CommandModule } from 'yargs'
import type { OptionName } from '../../base/options/options.js'
import { commandGroup } from '../command-group.js'
import { LEDGER_OPTIONS } from '../ledger/options.js'
import { withOptions } from '../options.js'
import { integer } from '../parse-number.js'

/** Keys are the database's, whichever verifier it serves. */
const DATABASE_OPTIONS = LEDGER_OPTIONS.filter(
  (name) => name !== 'netuid' && name !== 'api.verifier',
) satisfies readonly OptionName[]
const JSON_FLAG = { type: 'boolean', describe: 'print JSON' } as const
const MAX_INTEGER = 2_147_483_647
/** The largest Integer of HTTP's structured fields, in which the API says what is left. */
const MAX_QUOTA = 999_999_999_999_999

const create: CommandModule = {
  command: 'create <name>',
  describe: 'create a key and print it; it is never shown again',
  builder: (argv) =>
    withOptions(
      argv.positional('name', {
        type: 'string',
        describe: 'name: what the key is for, 1 to 64 characters',
      }),
      DATABASE_OPTIONS,
    )
      .option('scopes', {
        type: 'string',
        requiresArg: true,
        default: 'generate,read',
        describe: 'comma-separated scopes: generate, read, admin (includes the others)',
      })
      .option('rate', {
        type: 'string',
        requiresArg: true,
        default: '60',
        describe: 'video requests per minute; 0: no limit',
      })
      .option('concurrent', {
        type: 'string',
        requiresArg: true,
        default: '10',
        describe: 'videos queued or in progress at the same time; 0: no limit',
      })
      .option('quota', {
        type: 'string',
        requiresArg: true,
        default: '0',
        describe: 'steps × frames × width × height per UTC day; 0: no limit',
      })
      .option('reuse-prompts', {
        type: 'boolean',
        default: true,
        describe: 'let checks of provers reuse the prompts of this key; --no-reuse-prompts: never',
      })
      .option('json', JSON_FLAG),
  handler: async (given) => {
    const limits = {
      requestsPerMinute: integer('rate', given.rate, 0, MAX_INTEGER)!,
      concurrentVideos: integer('concurrent', given.concurrent, 0, MAX_INTEGER)!,
      dailyCost: integer('quota', given.quota, 0, MAX_QUOTA)!,
    }
    const { createKey } = await import('../ledger/api-keys.js')
    const wanted = {
      name: String(given.name),
      scopes: String(given.scopes),
      limits,
      reusePrompts: given['reuse-prompts'] !== false,
    }
    await createKey(given, wanted, given.json === true)
  },
}

const list: CommandModule = {
  command: 'list',
  describe: 'list all keys with their scopes, limits and last use',
  builder: (argv) => withOptions(argv, DATABASE_OPTIONS).option('json', JSON_FLAG),
  handler: async (given) => {
    const { listKeys } = await import('../ledger/api-keys.js')
    await listKeys(given, given.json === true)
  },
}

const revoke: CommandModule = {
  command: 'revoke <id>',
  describe: 'revoke a key; every API refuses it within seconds',
  builder: (argv) =>
    withOptions(
      argv.positional('id', { type: 'string', describe: 'key_… (not the key itself)' }),
      DATABASE_OPTIONS,
    ).option('json', JSON_FLAG),
  handler: async (given) => {
    const { revokeKey } = await import('../ledger/api-keys.js')
    await revokeKey(given, String(given.id), given.json === true)
  },
}

export const keyCommand = commandGroup('key', 'API keys: create, list, revoke', [
  create,
  list,
  revoke,
])
