import type { CommandModule } from 'yargs'
import { createRoleLog, type Log } from '../base/log.js'
import { type OptionName, type Options, resolveOptions } from '../base/options/options.js'
import { announceReady } from '../workers/health/announce-ready.js'
import type { Running } from '../workers/running.js'
import { withOptions } from './options.js'
import { runUntilStopped } from './run-until-stopped.js'

/** A process entry point of `workers/`: the options it reads, and how it starts. */
export interface Role<N extends OptionName> {
  readonly options: readonly N[]
  run(options: Options<N>, log: Log): Promise<Running>
}

/**
 * The command that runs a role until it is stopped.
 * @param load imports the role's modules: only when this command is the one that was named
 */
export function roleCommand<N extends OptionName>(
  command: string,
  describe: string,
  load: () => Promise<Role<N>>,
): CommandModule {
  return {
    command,
    describe,
    builder: async (argv) => withOptions(argv, [...(await load()).options, 'logging.level']),
    handler: async (given) => runRole(command, await load(), given),
  }
}

/** Runs a role until a signal stops it. @param given the command line's options */
export async function runRole<N extends OptionName>(
  name: string,
  role: Role<N>,
  given: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { 'logging.level': level } = resolveOptions(['logging.level'], given, process.env)
  const options = resolveOptions(role.options, given, process.env)
  const running = await role.run(options, createRoleLog(name, level))
  // Listening for signals comes first: a supervisor that is told we are ready may stop us immediately.
  await Promise.all([runUntilStopped(running), announceReady()])
  // A supervisor's channel, as PM2 has, would keep a process up that has nothing left to do.
  if (process.connected) process.exit()
}
