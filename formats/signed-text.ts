import { isDigestHex } from './bytes.js'
import { FormatError } from './error.js'

/** Joins the lines of a signed text; a line with a line break in it would make the text ambiguous. */
export function signedText(lines: readonly string[]): string {
  if (lines.some((line) => line === '' || !/^[!-~]+$/.test(line))) {
    throw new FormatError(
      'bad_text',
      'a line of a signed text is empty, or has more than plain ASCII',
    )
  }
  return lines.join('\n')
}

/** @throws FormatError `bad_hex` unless it is the hex of a 32-byte digest. */
export function digestLine(name: string, hex: string): string {
  if (!isDigestHex(hex)) throw new FormatError('bad_hex', `${name} is not the hex of 32 bytes`)
  return hex
}

/** @throws FormatError `bad_integer` */
export function integerLine(name: string, n: number): string {
  if (!Number.isSafeInteger(n) || n < 0) {
    throw new FormatError('bad_integer', `${name} ${n} is not an integer of at least 0`)
  }
  return String(n)
}
