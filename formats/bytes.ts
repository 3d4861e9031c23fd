import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { FormatError } from './error.js'

/** Lowercase hexadecimal, without 0x. */
export type Hex = string

export function toHex(bytes: Uint8Array): Hex {
  if (bytes.length <= HEX_BLOCK) return bytesToHex(bytes)
  const parts: Hex[] = []
  for (let at = 0; at < bytes.length; at += HEX_BLOCK) {
    parts.push(hexOfBlock(bytes.subarray(at, at + HEX_BLOCK)))
  }
  return parts.join('')
}

const HEX_BLOCK = 4096
const HEX_DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/** In one piece: a text that grows digit by digit takes thirty times its length until it is read. */
function hexOfBlock(bytes: Uint8Array): Hex {
  const codes = new Uint8Array(2 * bytes.length)
  bytes.forEach((byte, i) => {
    codes[2 * i] = HEX_DIGITS[byte >> 4]!
    codes[2 * i + 1] = HEX_DIGITS[byte & 15]!
  })
  return String.fromCharCode(...codes)
}

/** @throws FormatError `bad_hex` for anything but lowercase hex of whole bytes. */
export function fromHex(hex: Hex): Uint8Array {
  if (hex.length % 2 !== 0 || !/^[0-9a-f]*$/.test(hex)) {
    throw new FormatError('bad_hex', 'expected lowercase hex of whole bytes, without 0x')
  }
  return hexToBytes(hex)
}

/** True for the hex of a 32-byte digest. */
export function isDigestHex(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** @throws FormatError `bad_integer` outside 0 … 2^32−1. */
export function u32le(n: number): Uint8Array {
  if (!Number.isInteger(n) || n < 0 || n > 0xffffffff) {
    throw new FormatError('bad_integer', `${n} does not fit an unsigned 32-bit integer`)
  }
  return Uint8Array.of(n & 0xff, (n >>> 8) & 0xff, (n >>> 16) & 0xff, n >>> 24)
}

const ENCODER = new TextEncoder()

export function utf8(text: string): Uint8Array {
  return ENCODER.encode(text)
}

/** @throws FormatError `bad_digest` unless every part has 32 bytes. */
export function assertDigests(digests: readonly Uint8Array[]): void {
  const wrong = digests.findIndex((digest) => digest.length !== 32)
  if (wrong >= 0) {
    throw new FormatError(
      'bad_digest',
      `digest ${wrong} has ${digests[wrong]!.length} bytes, not 32`,
    )
  }
}

/** True for text that has no UTF-8 encoding because it contains half of a surrogate pair. */
export function hasLoneSurrogate(text: string): boolean {
  return /\p{Surrogate}/u.test(text)
}
