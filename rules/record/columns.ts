import { fromBase64, toBase64 } from '../../formats/base64.js'
import { fromHex, type Hex, toHex } from '../../formats/bytes.js'
import { RuleError } from '../error.js'

/** A column with repeated values: the distinct values, and each row's index into them. */
export interface Coded<T> {
  values: T[]
  of: number[]
}

/** Encodes a column; values are in the order of first occurrence. */
export function coded<T>(rows: readonly T[]): Coded<T> {
  const places = new Map<string, number>()
  const values: T[] = []
  const of = rows.map((row) => {
    const key = JSON.stringify(row)
    const known = places.get(key)
    if (known !== undefined) return known
    places.set(key, values.length)
    return values.push(row) - 1
  })
  return { values, of }
}

/** @throws RuleError `bad_input` for a wrong number of rows, or an index out of range */
export function decoded<T>({ values, of }: Coded<T>, count: number, name: string): T[] {
  if (of.length !== count) {
    throw new RuleError('bad_input', `column ${name} has ${of.length} rows, not ${count}`)
  }
  return of.map((place) => {
    if (place >= values.length) {
      throw new RuleError('bad_input', `column ${name} has no value ${place}`)
    }
    return values[place]!
  })
}

/** Values of equal length, concatenated, in base64: the most compact form for random bytes. */
export function bytesColumn(rows: readonly Hex[]): string {
  return toBase64(fromHex(rows.join('')))
}

/** @throws RuleError `bad_input` for a wrong number of bytes */
export function readBytesColumn(text: string, size: number, count: number, name: string): Hex[] {
  const hex = toHex(fromBase64(text))
  if (hex.length !== 2 * size * count) {
    throw new RuleError(
      'bad_input',
      `column ${name} has ${hex.length / 2} bytes, not ${count} times ${size}`,
    )
  }
  return Array.from({ length: count }, (_, i) => hex.slice(2 * size * i, 2 * size * (i + 1)))
}
