/** No command-line argument can contain it. */
const NUL = '\0'

/**
 * The command line as yargs is given it: nothing, or a group's name alone, asks for help, as `help` and
 * `version` do; what follows `--` is not an option, whatever it begins with.
 * @param groups commands that only have subcommands
 */
export function readArguments(given: readonly string[], groups: ReadonlySet<string>): string[] {
  const [first, ...rest] = given
  if (first === 'help') return [...rest, '--help']
  if (first === undefined || (rest.length === 0 && groups.has(first))) return [...given, '--help']
  if (rest.length === 0 && ['version', '-v', '-V'].includes(first)) return ['--version']
  const end = given.indexOf('--')
  if (end < 0) return [...given]
  // yargs gives such arguments to no command.
  return [...given.slice(0, end), ...given.slice(end + 1).map((operand) => `${NUL}${operand}`)]
}

/** Takes the mark of `readArguments` off again. */
export function unmark(value: string): string {
  return value.replaceAll(NUL, '')
}

/** The same for everything that was parsed. */
export function unmarkAll(parsed: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(parsed)) {
    if (typeof value === 'string') parsed[name] = unmark(value)
  }
}
