import { concat, u32le } from '../formats/bytes.js'

/** SCALE encoding, as far as weights and headers need it. */

/** @param values u16 each */
export function vecOfU16(values: readonly number[]): Uint8Array {
  return concat(compact(values.length), ...values.map(u16le))
}

export function vecOfBytes(bytes: Uint8Array): Uint8Array {
  return concat(compact(bytes.length), bytes)
}

export function u16le(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >>> 8)
}

export function u64le(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true)
  return bytes
}

/** A compact integer, below 2^30. */
export function compact(value: number): Uint8Array {
  if (value >= 1 << 30) throw new RangeError(`${value} is no compact integer below 2^30`)
  if (value < 1 << 6) return Uint8Array.of(value << 2)
  if (value < 1 << 14) return u16le((value << 2) | 1)
  return u32le(((value << 2) | 2) >>> 0)
}
