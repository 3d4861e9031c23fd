import { COMPOSING, LETTERS, LOWERCASE, LOWERCASE_LONGER, NUMBERS } from './unicode-tables.js'

/*
 * Unicode as in the reference tokenizer: its parts use different Unicode versions, and Node uses yet another.
 * One character more or less in a table here would give different tokens and a different video, and an honest
 * prover with another Node version would look like a cheat.
 */

/** `\p{L}` and `\p{N}`, as the contents of a regular expression's character class. */
export const CLASSES: Readonly<Record<'L' | 'N', string>> = {
  L: classOf(LETTERS),
  N: classOf(NUMBERS),
}

const composing = new RegExp(`[${classOf(COMPOSING)}]+`, 'gu')
const lowercase = lowercaseMap()

/**
 * NFC. Characters that were not part of any composition in the reference's version are left alone and
 * separate what is around them; for all others, Unicode guarantees that no version composes them differently.
 */
export function toNfc(text: string): string {
  return text.replace(composing, (run) => run.normalize('NFC'))
}

/** Converts each character separately, so that Σ becomes σ even at the end of a word. */
export function toLowercase(text: string): string {
  let lower = ''
  for (const char of text) lower += lowercase.get(char) ?? char
  return lower
}

/** `41-5a aa` → `\u{41}-\u{5a}\u{aa}`. */
function classOf(ranges: string): string {
  return ranges.replace(/[0-9a-f]+/g, '\\u{$&}').replaceAll(' ', '')
}

function lowercaseMap(): Map<string, string> {
  const map = new Map<string, string>()
  for (const row of LOWERCASE.split(' ')) {
    const [span, distance] = row.split(':') as [string, string]
    const [range, step = '1'] = span.split('/') as [string, string?]
    const [first, last = first] = range.split('-').map((hex) => Number.parseInt(hex, 16))
    for (let code = first!; code <= last!; code += Number(step)) {
      map.set(
        String.fromCodePoint(code),
        String.fromCodePoint(code + Number.parseInt(distance, 16)),
      )
    }
  }
  for (const row of LOWERCASE_LONGER.split(' ')) {
    const [from, to] = row.split('=').map(charsOf) as [string, string]
    map.set(from, to)
  }
  return map
}

/** `69.307` → i and a dot above. */
function charsOf(codes: string): string {
  return String.fromCodePoint(...codes.split('.').map((hex) => Number.parseInt(hex, 16)))
}
