import { graphemesOf } from './graphemes.js'

/** Longer graphemes are looked up character by character. */
const WHOLE_BYTES = 6
/** Label mask of the trie's units, including the bit that marks a value. */
const LABEL = 0x800000ff | 0

/**
 * SentencePiece's normalisation table (`precompiled_charsmap`): a Darts trie over UTF-8, whose values are
 * offsets into the replacements. As in the reference, a grapheme that begins with a key is replaced as a
 * whole.
 */
export class CharsMap {
  readonly #units: Uint32Array
  readonly #replacements: Buffer

  /**
   * @param base64 four bytes of length, the trie, the zero-terminated replacements
   * @throws Error for any other layout
   */
  constructor(base64: string) {
    const bytes = Buffer.from(base64, 'base64')
    const size = bytes.readUInt32LE(0)
    if (size % 4 !== 0 || 4 + size > bytes.length) throw new Error('the charsmap is cut off')
    this.#units = Uint32Array.from({ length: size / 4 }, (_, i) => bytes.readUInt32LE(4 + 4 * i))
    this.#replacements = bytes.subarray(4 + size)
  }

  normalize(text: string): string {
    return graphemesOf(text)
      .map((chars) => {
        const grapheme = chars.join('')
        const whole = Buffer.byteLength(grapheme) < WHOLE_BYTES ? this.#find(grapheme) : null
        return whole ?? chars.map((char) => this.#find(char) ?? char).join('')
      })
      .join('')
  }

  /** The replacement for the shortest key that the text begins with. */
  #find(text: string): string | null {
    const units = this.#units
    let at = offsetOf(units[0]!)
    for (const byte of Buffer.from(text)) {
      if (byte === 0) return null
      at ^= byte
      const unit = units[at]
      if (unit === undefined || (unit & LABEL) !== byte) return null
      at ^= offsetOf(unit)
      if ((unit >>> 8) & 1) return this.#replacement(units[at]! & 0x7fffffff)
    }
    return null
  }

  #replacement(from: number): string {
    const end = this.#replacements.indexOf(0, from)
    return this.#replacements.toString('utf8', from, end === -1 ? undefined : end)
  }
}

function offsetOf(unit: number): number {
  return (unit >>> 10) << ((unit & 0x200) >>> 6)
}
