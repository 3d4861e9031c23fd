import { hasLoneSurrogate } from './bytes.js'
import { FormatError } from './error.js'

/** Values of canonical JSON: integers up to ±(2^53−1); larger ones as decimal strings. */
export type CanonicalValue =
  | string
  | number
  | boolean
  | null
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue }

/**
 * RFC 8785 restricted to strings, booleans, null, safe integers, arrays and objects: keys sorted by
 * UTF-16 code units, no spaces. The restriction keeps floats, whose text differs by language, out of
 * everything that is hashed.
 * @throws FormatError `not_canonical`, naming the path of the value.
 */
export function canonicalJson(value: CanonicalValue): string {
  const trail: (string | number)[] = []
  try {
    return write(value, trail)
  } catch (error) {
    if (error instanceof Refusal) throw refuse(trail, error.message)
    throw error
  }
}

/** What a value is that has no canonical JSON; where it stands the trail says. */
class Refusal extends Error {}

/** @param trail the names and places on the way to the value: a text for each of a record's numbers would cost more than the rest */
function write(value: unknown, trail: (string | number)[]): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return writeString(value)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Refusal('a number that is not a safe integer')
    return String(value)
  }
  if (Array.isArray(value)) {
    // Most of a record: a text that grows number by number would take several times the memory.
    if (value.every(Number.isSafeInteger)) return `[${value.join(',')}]`
    let text = '['
    for (let i = 0; i < value.length; i++) {
      trail.push(i)
      text += i === 0 ? write(value[i], trail) : `,${write(value[i], trail)}`
      trail.pop()
    }
    return `${text}]`
  }
  if (typeof value === 'object' && isPlain(value)) {
    let text = '{'
    for (const [key, member] of Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) {
      const name = writeString(key)
      trail.push(key)
      text += `${text === '{' ? '' : ','}${name}:${write(member, trail)}`
      trail.pop()
    }
    return `${text}}`
  }
  throw new Refusal(value === undefined ? 'undefined' : `a ${typeof value} that JSON cannot hold`)
}

function writeString(text: string): string {
  if (hasLoneSurrogate(text)) throw new Refusal('text with a lone surrogate')
  return JSON.stringify(text)
}

/**
 * Objects from other realms (Temporal's sandbox, a test's VM) count as plain: their prototype has no
 * prototype.
 */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function refuse(trail: readonly (string | number)[], what: string): FormatError {
  const path = trail.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('')
  return new FormatError('not_canonical', `$${path} is ${what}, which has no canonical JSON`)
}
