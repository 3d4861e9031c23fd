import type { CanonicalValue } from '../../formats/canonical-json.js'
import { RuleError } from '../error.js'

/*
 * A record's fields have snake_case names in a file, like all JSON that Fractal publishes, and camelCase
 * names in code. Data never determines the name of a field.
 */

/**
 * The same value with snake_case names, without undefined fields.
 * @throws RuleError `bad_input` for what JSON can't hold
 */
export function snakeNames(value: unknown): CanonicalValue {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number') return value
  if (Array.isArray(value)) return value.map(snakeNames)
  if (typeof value !== 'object') throw new RuleError('bad_input', `a ${typeof value} in a record`)
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [snakeName(name), snakeNames(member)]),
  )
}

/**
 * The same value with camelCase names, to be validated by a schema.
 * @throws RuleError `bad_input` for a name that no record has
 */
export function camelNames(value: unknown): unknown {
  if (Array.isArray(value)) {
    // A fast path: columns of numbers make up most of a record.
    return typeof value[0] === 'number' ? value : value.map(camelNames)
  }
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [camelName(name), camelNames(member)]),
  )
}

export function snakeName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

function camelName(name: string): string {
  if (!/^[a-z0-9]+(_[a-z0-9]+)*$/.test(name)) {
    throw new RuleError('bad_input', `no member of a record is called ${JSON.stringify(name)}`)
  }
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
