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
  return write(value, '$')
}

function write(value: unknown, path: string): string {
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') return writeString(value, path)
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw refuse(path, 'a number that is not a safe integer')
    return String(value)
  }
  if (Array.isArray(value)) {
    return `[${Array.from(value, (item, i) => write(item, `${path}[${i}]`)).join(',')}]`
  }
  if (typeof value === 'object' && isPlain(value)) {
    const members = Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${writeString(key, path)}:${write(member, `${path}.${key}`)}`)
    return `{${members.join(',')}}`
  }
  throw refuse(path, value === undefined ? 'undefined' : `a ${typeof value} that JSON cannot hold`)
}

function writeString(text: string, path: string): string {
  if (hasLoneSurrogate(text)) throw refuse(path, 'text with a lone surrogate')
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

function refuse(path: string, what: string): FormatError {
  return new FormatError('not_canonical', `${path} is ${what}, which has no canonical JSON`)
}
