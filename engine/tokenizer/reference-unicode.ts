import { COMPOSING, LETTERS, LOWERCASE, LOWERCASE_LONGER, NUMBERS } from './unicode-tables.js'

/*
 * Unicode as the reference tokenizer knows it: each of its parts is of another Unicode version, and
 * this Node's is of yet another. A character more or less in a table here would be other tokens, so
 * another video, and an honest prover on another Node a cheat.
 */

/** `\p{L}` and `\p{N}`, as what stands between the brackets of a regular expression's class. */
export const CLASSES: Readonly<Record<'L' | 'N', string>> = {
  L: classOf(LETTERS),
  N: classOf(NUMBERS),
}

const composing = new RegExp(`[${classOf(COMPOSING)}]+`, 'gu')
const lowercase = lowercaseMap()

/**
 * NFC. Characters that were no part of any composition in its version are left alone and part what
 * stands around them; of all others Unicode promises that no version composes them differently.
 */
export function toNfc(text: string): string {
  return text.replace(composing, (run) => run.normalize('NFC'))
}

/** Each character by itself, so that Σ is σ also at a word's end. */
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
