import { UsageError } from './usage-error.js'

/** An option by its name; an argument as the usage shows it, such as `<n>`. */
function shown(name: string): string {
  return name.startsWith('<') ? name : `--${name}`
}

/**
 * A number as people write it; undefined when the option was not given.
 * @param name of an option, or of an argument: `<n>`
 * @throws UsageError naming it
 */
export function decimal(name: string, given: unknown): number | undefined {
  if (given === undefined) return undefined
  if (typeof given !== 'string' || !/^[+-]?\d+(\.\d+)?$/.test(given)) {
    throw new UsageError(`${shown(name)}: ${JSON.stringify(given)} is not a number.`)
  }
  return Number(given)
}

/** An integer within bounds. @throws UsageError naming the option or argument */
export function integer(
  name: string,
  given: unknown,
  low: number,
  high: number,
): number | undefined {
  const value = decimal(name, given)
  if (value !== undefined && !(Number.isInteger(value) && value >= low && value <= high)) {
    throw new UsageError(
      `${shown(name)}: ${String(given)} is not an integer from ${low} to ${high}.`,
    )
  }
  return value
}
