const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** Prefix, key, checksum. */
const LENGTH = 1 + 32 + 2
/** Bittensor's. */
const PREFIX = 42

/**
 * The 32 bytes of the key behind a hotkey; null when it is none. Its checksum is left alone: it guards
 * against slips of the pen, and no signature verifies by a key that was misspelt.
 */
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
  return bytes.slice(1, 33)
}
