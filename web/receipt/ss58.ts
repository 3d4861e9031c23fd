import { blake2b } from '@noble/hashes/blake2.js'
import { concat, utf8 } from '../../formats/bytes.js'

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** Prefix, key, checksum. */
const LENGTH = 1 + 32 + 2
/** Bittensor's. */
const PREFIX = 42

/** The 32 bytes of the key behind a hotkey; null when it is none. */
export function hotkeyBytes(ss58: string): Uint8Array | null {
  let number = 0n
  for (const letter of ss58) {
    const digit = ALPHABET.indexOf(letter)
    if (digit < 0) return null
    number = number * 58n + BigInt(digit)
  }
  const bytes = new Uint8Array(LENGTH)
  for (let at = LENGTH - 1; at >= 0; at -= 1) {
    bytes[at] = Number(number & 0xffn)
    number >>= 8n
  }
  if (number !== 0n || bytes[0] !== PREFIX) return null
  const sum = blake2b(concat(utf8('SS58PRE'), bytes.subarray(0, LENGTH - 2)))
  const holds = sum[0] === bytes[LENGTH - 2] && sum[1] === bytes[LENGTH - 1]
  return holds ? bytes.slice(1, 33) : null
}
