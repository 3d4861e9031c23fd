import { parseArgs } from 'node:util'
import { messageOf } from '../../base/errors.js'

/**
 * The options of a bench, all of them whole numbers, by name.
 * @param defaults what they are where they are not given
 * @throws Error that names the option which is unknown, has no value, or no whole number from `least` on
 */
export function parseWholeOptions<N extends string>(
  defaults: Readonly<Record<N, number>>,
  args: string[],
  least = 1,
): Record<N, number> {
  const names = Object.keys(defaults)
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' } as const]))
  const { values } = parseArgs({ args, options })
  const numbers: Record<N, number> = { ...defaults }
  for (const name in defaults) {
    const given = values[name]
    if (given === undefined) continue
    numbers[name] = Number(given)
    if (!/^\d+$/.test(String(given)) || numbers[name] < least) {
      throw new Error(`--${name}: ${given} is not a whole number from ${least} on`)
    }
  }
  return numbers
}

/** Those of this process, which ends where they can't be understood. */
export function wholeOptions<N extends string>(
  defaults: Readonly<Record<N, number>>,
  least = 1,
): Record<N, number> {
  try {
    return parseWholeOptions(defaults, process.argv.slice(2), least)
  } catch (error) {
    const known = Object.entries(defaults).map(([name, value]) => `--${name} ${value}`)
    console.error(`${messageOf(error)}\n  It takes ${known.join(', ')}.`)
    process.exit(2)
  }
}
