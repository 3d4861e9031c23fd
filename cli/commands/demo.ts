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
      }),
  handler: async (given) => {
    assertDevelopment('the demo')
    const { runDemo } = await import('../../dev/demo/demo.js')
    await runDemo({
      once: given.once === true,
      fresh: given.fresh === true,
      portBase: integer('ports.base', given['ports.base'], 1024, 65_000)!,
    })
  },
}
