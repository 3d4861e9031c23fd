import type { CommandModule } from 'yargs'
import type { OptionName } from '../../base/options.js'
import { integer } from '../numbers.js'
import { withOptions } from '../options.js'
import { UsageError } from '../usage-error.js'

const OPTIONS: readonly OptionName[] = ['model.dir', 'device']
const DEFAULT_RUNS = 10
const MAX_RUNS = 10_000

export const doctorCommand: CommandModule = {
  command: 'doctor',
  describe: 'what this machine has; --certify: whether it repeats a video byte for byte',
  builder: (argv) =>
    withOptions(argv, OPTIONS)
      .option('certify', {
        type: 'boolean',
        default: false,
        describe: 'generate one video many times, in two processes, and compare all bytes',
      })
      .option('runs', {
        type: 'string',
        requiresArg: true,
        defaultDescription: String(DEFAULT_RUNS),
        describe: 'with --certify: videos to compare (production certificates have 100)',
      })
      .option('json', { type: 'boolean', describe: 'print JSON' }),
  handler: async (given) => {
    const json = given.json === true
    const runs = integer('runs', given.runs, 2, MAX_RUNS)
    if (given.certify === true) {
      const { certifyByHand } = await import('../certify-by-hand.js')
      await certifyByHand(given, runs ?? DEFAULT_RUNS, json)
    } else {
      if (runs !== undefined) throw new UsageError('--runs is for --certify.')
      const { showMachine } = await import('../machine.js')
      await showMachine(given, json)
    }
  },
}
