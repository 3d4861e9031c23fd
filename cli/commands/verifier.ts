import type { CommandModule } from 'yargs'
import { withOptions } from '../options.js'
import { roleCommand } from '../role.js'
import { UsageError } from '../usage-error.js'

const role = roleCommand(
  'verifier',
  'run a verifier: intervals, verdicts, tiers and weights',
  async () => {
    const { runVerifier, VERIFIER_OPTIONS } = await import('../../workers/roles/verifier.js')
    return { options: VERIFIER_OPTIONS, run: runVerifier }
  },
)

export const verifierCommand: CommandModule = {
  ...role,
  builder: async (argv) => {
    const { VERIFIER_OPTIONS } = await import('../../workers/roles/verifier.js')
    return withOptions(argv, [...VERIFIER_OPTIONS, 'state.dir', 'logging.level'])
      .option('dry-run', {
        type: 'boolean',
        default: false,
        describe: 'print the weights that it would send now, and why; nothing is sent or written',
      })
      .option('json', { type: 'boolean', describe: 'with --dry-run: print JSON' })
  },
  handler: async (given) => {
    if (given['dry-run'] === true) {
      const { dryRun } = await import('../verifier/dry-run.js')
      return dryRun(given, given.json === true)
    }
    if (given.json !== undefined) throw new UsageError('--json is for --dry-run.')
    return role.handler(given)
  },
}
