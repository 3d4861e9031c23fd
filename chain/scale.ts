import { concat } from '../formats/bytes.js'

/** SCALE encoding, as far as weights need it. */

/** @param values u16 each */
export function vecOfU16(values: readonly number[]): Uint8Array {
  return concat(compactLength(values.length), ...values.map(u16le))
}

export function vecOfBytes(bytes: Uint8Array): Uint8Array {
  return concat(compactLength(bytes.length), bytes)
}

export function u16le(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >>> 8)
}

export function u64le(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes
}

/** A compact integer up to 2^14 − 1: a subnet has at most 4096 neurons. */
function compactLength(length: number): Uint8Array {
  if (length >= 1 << 14) throw new RangeError(`${length} weights are more than any subnet has`)
  return length < 1 << 6 ? Uint8Array.of(length << 2) : u16le((length << 2) | 1)
}
