import type { CommandModule } from 'yargs'

export const demoCommand: CommandModule = {
  command: 'demo',
  describe: 'run a whole grid on this machine, villains included',
  builder: (argv) =>
    argv
      .option('once', {
        type: 'boolean',
        default: false,
        describe: 'run a few intervals, print a summary and end',
      })
      .option('fresh', {
        type: 'boolean',
        default: false,
        describe: 'start over: remove what earlier demos left',
      })
      .option('ports.base', {
        type: 'number',
        default: 7600,
        describe: 'the API’s port; the others follow it',
      }),
  handler: async (given) => {
    const { runDemo } = await import('../../dev/demo.js')
    await runDemo({
      once: given.once === true,
      fresh: given.fresh === true,
      portBase: Number(given['ports.base']),
    })
  },
}
