import { UsageError } from './usage-error.js'

/**
 * A number as people write it; undefined when the option was not given.
 * @throws UsageError naming the option
 */
export function decimal(name: string, given: unknown): number | undefined {
  if (given === undefined) return undefined
  if (typeof given !== 'string' || !/^[+-]?\d+(\.\d+)?$/.test(given)) {
    throw new UsageError(`--${name}: ${JSON.stringify(given)} is not a number.`)
  }
  return Number(given)
}

/** An integer within bounds. @throws UsageError naming the option */
export function integer(
  name: string,
  given: unknown,
  low: number,
  high: number,
): number | undefined {
  const value = decimal(name, given)
  if (value !== undefined && !(Number.isInteger(value) && value >= low && value <= high)) {
    throw new UsageError(`--${name}: ${String(given)} is not an integer from ${low} to ${high}.`)
  }
  return value
}
