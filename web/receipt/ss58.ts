const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** Prefix, key, checksum. */
const LENGTH = 1 + 32 + 2
/** Bittensor's prefix. */
const PREFIX = 42

/**
 * The 32-byte public key of a hotkey; null if it is not one. The checksum is not verified: it guards against
 * typos, and no signature verifies with a mistyped key.
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
