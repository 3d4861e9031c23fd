import type { CommandModule } from 'yargs'
import { assertDevelopment } from '../assert-development.js'
import { integer } from '../parse-number.js'

export const demoCommand: CommandModule = {
  command: 'demo',
  describe: 'run a whole grid on this machine, villains included',
  builder: (argv) =>
    argv
      .option('once', {
        type: 'boolean',
        default: false,
        describe: 'run a few intervals, print a summary and exit',
      })
      .option('fresh', {
        type: 'boolean',
        default: false,
        describe: 'start over: remove what earlier demos left',
      })
      .option('ports.base', {
        type: 'string',
        requiresArg: true,
        default: '7600',
        describe: 'the API’s port; the others follow it',
      })
      .option('villains', {
        type: 'string',
        requiresArg: true,
        describe: 'which cheats take part: names separated by commas, or all; by default three',
      }),
  handler: async (given) => {
    assertDevelopment('the demo')
    const { runDemo } = await import('../../dev/demo/demo.js')
    const { DEFAULT_VILLAINS } = await import('../../dev/demo/provers.js')
    await runDemo({
      once: given.once === true,
      fresh: given.fresh === true,
      villains: typeof given.villains === 'string' ? given.villains : DEFAULT_VILLAINS,
      portBase: integer('ports.base', given['ports.base'], 1024, 65_000)!,
    })
  },
}
