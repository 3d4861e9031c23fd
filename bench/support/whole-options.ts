import { parseArgs } from 'node:util'
import { messageOf } from '../../base/errors.js'
import { BENCHES, type BenchName, type WholeOption } from './benches.js'

/**
 * The options of a bench, by name.
 * @throws Error that names the option which is unknown, has no value, or no whole number that it may be
 */
export function parseWholeOptions<N extends string>(
  known: Readonly<Record<N, WholeOption>>,
  args: readonly string[],
): Record<N, number> {
  const texts = Object.fromEntries(
    Object.keys(known).map((name) => [name, { type: 'string' } as const]),
  )
  const options = { ...texts, short: { type: 'boolean' } as const }
  const values: Readonly<Record<string, unknown>> = parseArgs({ args: [...args], options }).values
  const numbers: Partial<Record<N, number>> = {}
  for (const name in known) {
    const { full, short, least = 1 } = known[name]
    const given = values[name]
    const value = given === undefined ? (values.short === true ? short : full) : Number(given)
    if (given !== undefined && (!/^\d+$/.test(String(given)) || value < least)) {
      throw new Error(`--${name}: ${given} is not a whole number from ${least} on`)
    }
    numbers[name] = value
  }
  return numbers as Record<N, number>
}

/** Those of this process, which ends where they can't be understood. */
export function benchOptions<B extends BenchName>(
  bench: B,
): Record<keyof (typeof BENCHES)[B]['options'] & string, number> {
  const known: Readonly<Record<string, WholeOption>> = BENCHES[bench].options
  try {
    return parseWholeOptions(known, process.argv.slice(2))
  } catch (error) {
    const each = Object.entries(known).map(([name, { full }]) => `--${name} ${full}`)
    console.error(`${messageOf(error)}\n  It takes ${[...each, '--short'].join(', ')}.`)
    process.exit(2)
  }
}
