import type { CommandModule } from 'yargs'
import { LEDGER_OPTIONS } from '../ledger/options.js'
import { withOptions } from '../options.js'
import { runRole } from '../role.js'

const JSON_FLAG = { type: 'boolean', describe: 'print JSON' } as const

const list: CommandModule = {
  command: 'list',
  describe: 'list all provers: tier, rates, score, weight',
  builder: (argv) => withOptions(argv, LEDGER_OPTIONS).option('json', JSON_FLAG),
  handler: async (given) => {
    const { listProvers } = await import('../ledger/prover-views.js')
    await listProvers(given, given.json === true)
  },
}

const show: CommandModule = {
  command: 'show <prover>',
  describe: 'show one prover with its latest verdicts and moves',
  builder: (argv) =>
    withOptions(
      argv.positional('prover', { type: 'string', describe: 'hotkey (ss58) or uid' }),
      LEDGER_OPTIONS,
    ).option('json', JSON_FLAG),
  handler: async (given) => {
    const { showProver } = await import('../ledger/prover-views.js')
    await showProver(given, String(given.prover), given.json === true)
  },
}

async function load() {
  const { PROVER_OPTIONS, runProver } = await import('../../workers/roles/prover.js')
  return { options: PROVER_OPTIONS, run: runProver }
}

/** Seconds of loading that looking at provers has no use for. */
function onlyLooks(): boolean {
  return process.argv[3] === 'list' || process.argv[3] === 'show'
}

export const proverCommand: CommandModule = {
  command: 'prover',
  describe: 'run a prover; or inspect provers: list, show',
  builder: async (argv) => {
    const commands = argv.command(list).command(show)
    if (onlyLooks()) return commands
    return withOptions(commands, [...(await load()).options, 'logging.level'])
  },
  handler: async (given) => runRole('prover', await load(), given),
}
