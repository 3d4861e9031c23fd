import type { Argv, CommandModule } from 'yargs'

/** A command that only has subcommands. */
export interface CommandGroup extends CommandModule {
  readonly command: string
  readonly subcommands: readonly CommandModule[]
}

/** @param describe one line of `fractal --help` */
export function commandGroup(
  command: string,
  describe: string,
  subcommands: readonly CommandModule[],
): CommandGroup {
  const names = subcommands.map((each) => String(each.command).split(' ')[0])
  return {
    command,
    describe,
    subcommands,
    builder: (argv: Argv) =>
      subcommands
        .reduce((all, each) => all.command(each), argv)
        .demandCommand(1, `name one of: ${names.join(', ')}`),
    handler: () => {},
  }
}

export function isGroup(command: CommandModule): command is CommandGroup {
  return 'subcommands' in command
}
