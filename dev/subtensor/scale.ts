import type { StorageHex } from './storage.js'

/** The little of SCALE that blocks are made of; hex without prefix unless it is StorageHex. */

export function compact(value: bigint | number): string {
  const n = BigInt(value)
  if (n < 1n << 6n) return littleEndian(n << 2n, 1)
  if (n < 1n << 14n) return littleEndian((n << 2n) | 1n, 2)
  if (n < 1n << 30n) return littleEndian((n << 2n) | 2n, 4)
  const bytes = Math.ceil(n.toString(16).length / 2)
  return littleEndian((BigInt(bytes - 4) << 2n) | 3n, 1) + littleEndian(n, bytes)
}

export function littleEndian(value: bigint | number, bytes: number): string {
  let hex = ''
  for (let rest = BigInt(value), i = 0; i < bytes; i++, rest >>= 8n) {
    hex += (rest & 0xffn).toString(16).padStart(2, '0')
  }
  return hex
}

/** Length and content. */
export function sized(hex: string): string {
  return compact(hex.length / 2) + hex
}

export function bare(hex: StorageHex): string {
  return hex.slice(2)
}

/** Reads SCALE from the front. */
export class ScaleReader {
  readonly #hex: string
  #at = 0

  constructor(hex: StorageHex) {
    this.#hex = bare(hex)
  }

  bytes(count: number): string {
    const end = this.#at + 2 * count
    if (end > this.#hex.length) throw new Error('the SCALE value is too short')
    const taken = this.#hex.slice(this.#at, end)
    this.#at = end
    return taken
  }

  int(bytes: number): bigint {
    let value = 0n
    const hex = this.bytes(bytes)
    for (let i = hex.length; i > 0; i -= 2)
      value = (value << 8n) | BigInt(`0x${hex.slice(i - 2, i)}`)
    return value
  }

  byte(): number {
    return Number(this.int(1))
  }

  compact(): bigint {
    const first = this.byte()
    const mode = first & 3
    if (mode === 3) return this.int((first >> 2) + 4)
    const bytes = [0, 1, 3][mode]!
    return (BigInt(first) | (this.int(bytes) << 8n)) >> 2n
  }

  sized(): string {
    return this.bytes(Number(this.compact()))
  }

  list<T>(item: () => T): T[] {
    return Array.from({ length: Number(this.compact()) }, item)
  }
}
