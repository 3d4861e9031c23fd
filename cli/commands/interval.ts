import type { CommandModule } from 'yargs'
import { TEMPORAL_OPTIONS } from '../../base/options/groups.js'
import { commandGroup } from '../command-group.js'
import { LEDGER_OPTIONS } from '../ledger/options.js'
import { withOptions } from '../options.js'
import { integer } from '../parse-number.js'

const MAX_N = 2_147_483_647
const N = { type: 'string', describe: 'interval number' } as const
const JSON_FLAG = { type: 'boolean', describe: 'print JSON' } as const

const list: CommandModule = {
  command: 'list',
  describe: 'list the newest intervals',
  builder: (argv) =>
    withOptions(argv, LEDGER_OPTIONS)
      .option('limit', {
        type: 'string',
        requiresArg: true,
        default: '20',
        describe: 'maximum number to list',
      })
      .option('json', JSON_FLAG),
  handler: async (given) => {
    const limit = integer('limit', given.limit, 1, 1000)!
    const { listIntervals } = await import('../ledger/interval-views.js')
    await listIntervals(given, limit, given.json === true)
  },
}

const show: CommandModule = {
  command: 'show <n>',
  describe: 'show one interval: its plan (once settled), verdicts, moves, scores and weights',
  builder: (argv) => withOptions(argv.positional('n', N), LEDGER_OPTIONS).option('json', JSON_FLAG),
  handler: async (given) => {
    const n = integer('<n>', given.n, 1, MAX_N)!
    const { showInterval } = await import('../ledger/interval-views.js')
    await showInterval(given, n, given.json === true)
  },
}

const retry: CommandModule = {
  command: 'retry <n>',
  describe: 'retry a failed interval from its start; nothing is counted twice',
  builder: (argv) =>
    withOptions(argv.positional('n', N), [...LEDGER_OPTIONS, ...TEMPORAL_OPTIONS])
      .option('force', {
        type: 'boolean',
        default: false,
        describe: 'even if it is still running, or nothing is left to do',
      })
      .option('json', JSON_FLAG),
  handler: async (given) => {
    const n = integer('<n>', given.n, 1, MAX_N)!
    const { retryInterval } = await import('../ledger/retry-interval.js')
    await retryInterval(given, { n, force: given.force === true, json: given.json === true })
  },
}

export const intervalCommand = commandGroup('interval', 'list, show and retry intervals', [
  list,
  show,
  retry,
])
