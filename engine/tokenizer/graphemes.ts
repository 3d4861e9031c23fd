import { JOINS, PARTS, PREPENDS, SPACING } from './grapheme-tables.js'

const joins = new RegExp(`^[${classOf(JOINS)}]$`, 'u')
const spacing = new RegExp(`^[${classOf(SPACING)}]$`, 'u')
const prepends = new RegExp(`^[${classOf(PREPENDS)}]$`, 'u')
const parts = new RegExp(`^[${classOf(PARTS)}]$`, 'u')
const pictographic = /^\p{Extended_Pictographic}$/u
const JOINER = '\u200d'

/**
 * Splits text into graphemes (lists of characters), exact for those shorter than six bytes in UTF-8. It uses
 * the reference tokenizer's Unicode version, which is not Node's: a different grapheme would give different
 * tokens.
 */
export function graphemesOf(text: string): string[][] {
  const found: string[][] = []
  for (const char of text) {
    const grapheme = found.at(-1)
    if (grapheme !== undefined && belongs(char, grapheme)) grapheme.push(char)
    else found.push([char])
  }
  return found
}

function belongs(char: string, grapheme: readonly string[]): boolean {
  const before = grapheme.at(-1)!
  if (parts.test(before)) return false
  if (joins.test(char) || (prepends.test(before) && !parts.test(char))) return true
  if (before !== JOINER || !pictographic.test(char)) return false
  const base = grapheme.findLastIndex((each) => !joins.test(each))
  const marks = grapheme.slice(base + 1, -1)
  return pictographic.test(grapheme[base] ?? '') && !marks.some((mark) => spacing.test(mark))
}

function classOf(ranges: string): string {
  return ranges.replace(/[0-9a-f]+/g, '\\u{$&}').replaceAll(' ', '')
}
