import { FormatError } from './error.js'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const VALUES = new Uint8Array(128).fill(255)
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i

/** Base64 with padding (RFC 4648, section 4), for code that may use neither Node nor browser APIs. */
export function toBase64(bytes: Uint8Array): string {
  const parts: string[] = []
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const bits =
      (bytes[i]! << 16) | ((left > 1 ? bytes[i + 1]! : 0) << 8) | (left > 2 ? bytes[i + 2]! : 0)
    text += ALPHABET[bits >> 18]! + ALPHABET[(bits >> 12) & 63]!
    text += left > 1 ? ALPHABET[(bits >> 6) & 63]! : '='
    text += left > 2 ? ALPHABET[bits & 63]! : '='
    if (text.length >= 8192) {
      parts.push(text)
      text = ''
    }
  }
  return parts.join('') + text
}

/**
 * The inverse of `toBase64`.
 * @throws FormatError `bad_base64` for anything else
 */
export function fromBase64(text: string): Uint8Array {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  if (text.length % 4 !== 0) throw bad()
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  const end = text.length - padding
  let at = 0
  for (let i = 0; i < end; i += 4) {
    let bits = 0
    for (let k = 0; k < 4; k++) bits = (bits << 6) | (i + k < end ? valueAt(text, i + k) : 0)
    const whole = Math.min(3, bytes.length - at)
    // Unused bits must be 0: otherwise two texts would encode the same bytes.
    if ((bits & (0xffffff >>> (8 * whole))) !== 0) throw bad()
    for (let k = 0; k < whole; k++) bytes[at++] = (bits >>> (16 - 8 * k)) & 255
  }
  return bytes
}

function valueAt(text: string, i: number): number {
  const code = text.charCodeAt(i)
  const value = code < 128 ? VALUES[code]! : 255
  if (value === 255) throw bad()
  return value
}

function bad(): FormatError {
  return new FormatError('bad_base64', 'expected padded base64 without line breaks')
}
