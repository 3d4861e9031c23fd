import { unmark } from './arguments.js'
import { closestNames } from './closest-name.js'
import { UsageError } from './usage-error.js'

/** What yargs says where no command is named. */
export const NO_COMMAND = 'name a command'

/** `fractal generate [prompt]`; a command with subcommands has `<command>`. */
const TAKES_ARGUMENT = /[[<](?!command|options)/

/** What yargs found wrong, in plain words, and what was probably meant. */
export function explainUsage(found: string, args: readonly string[], help: string): UsageError {
  const message = unmark(found)
  const { options, commands, usage } = namesIn(help)
  const unknown = unknownOption(args, options)
  if (unknown !== null) {
    const meant = closestNames(unknown.replace(/^-+/, ''), options).map((name) => `--${name}`)
    if (/\s/.test(unknown) || (meant.length === 0 && TAKES_ARGUMENT.test(usage))) {
      const hint = 'Put -- before an argument that begins with a dash. See --help.'
      return new UsageError(`there is no option ${unknown}`, hint)
    }
    if (message === NO_COMMAND && meant.length === 0) {
      return new UsageError(`${NO_COMMAND}, and ${unknown} after it`)
    }
    return usageError(`there is no option ${unknown}`, meant)
  }
  const [, word] = /^Unknown arguments?: ([^,]*)/.exec(message) ?? []
  if (word !== undefined) {
    if (commands.length > 0) {
      return usageError(`there is no command ${word}`, closestNames(word, commands))
    }
    return new UsageError(
      `unexpected argument: ${word}`,
      'Put words that belong together in quotes. See --help.',
    )
  }
  const [, valueless] = /^Not enough arguments following: (.*)/.exec(message) ?? []
  if (valueless !== undefined) return new UsageError(`--${valueless} needs a value`)
  const [, missing] = /^Missing required arguments?: (.*)/.exec(message) ?? []
  if (missing !== undefined) return new UsageError(`--${missing} is missing`)
  const [, name, given, choices] =
    /Argument: (.*), Given: "(.*)", Choices: (.*)/.exec(message) ?? []
  if (name !== undefined && given !== undefined && choices !== undefined) {
    const known = choices.replaceAll('"', '').split(', ')
    const meant = closestNames(given, known)
    return usageError(`--${name}: "${given}" is none of ${known.join(', ')}`, meant)
  }
  if (/^Not enough non-option arguments/.test(message)) {
    return new UsageError(`an argument is missing: ${usage}`)
  }
  return new UsageError(message)
}

function usageError(message: string, meant: readonly string[]): UsageError {
  const question = `Did you mean ${meant.join(' or ')}? See --help.`
  return new UsageError(message, meant.length === 0 ? undefined : question)
}

/** The options and commands that a command's help lists. */
function namesIn(help: string): { options: string[]; commands: string[]; usage: string } {
  const lines = help.split('\n')
  const from = lines.indexOf('Commands:') + 1
  const listed = from === 0 ? [] : lines.slice(from, lines.indexOf('', from))
  const commands = listed.flatMap((line) => {
    const [, words] = /^ {2}fractal (\S.*?)(?: {2}|$)/.exec(line) ?? []
    return words === undefined ? [] : (words.split(' ').findLast((word) => /^\w/.test(word)) ?? [])
  })
  const options = lines.flatMap((line) => {
    // Not those that a description names.
    const [names = ''] = /^ {2,6}(-\w, )?--[\w.-]+(, --[\w.-]+)*/.exec(line) ?? []
    return [...names.matchAll(/--([\w.-]+)/g)].map(([, name]) => name!)
  })
  return { options, commands, usage: lines[0] ?? '' }
}

/** As it was written, without its value. Numbers are values, and `-` is standard input. */
function unknownOption(args: readonly string[], options: readonly string[]): string | null {
  for (const arg of args) {
    const [, dashes, name] = /^(--?)([A-Za-z][^=]*|\d.*\s[^=]*)/.exec(arg) ?? []
    if (dashes === undefined || name === undefined) continue
    const isKnown =
      dashes === '-'
        ? name === 'h'
        : [name, name.replace(/^no-/, '')].some((n) => options.includes(n))
    if (!isKnown) return `${dashes}${name}`
  }
  return null
}
