/*
 * After ftfy 6.3.1 (https://github.com/rspeer/python-ftfy), Copyright 2023 Robyn Speer, Apache License 2.0.
 * ALTERED: rewritten in TypeScript, without its mojibake repair ("Ã©" for "é"), which is long and heuristic;
 * and with a limit on the number of passes.
 */
import { toNfc } from '../../tokenizer/reference-unicode.js'
import { closedEntities, unescapeHtml, WINDOWS_1252 } from './html-unescape.js'

/** ftfy repeats until nothing changes: `&amp;amp;amp;…` would take one pass per level. */
const MAX_PASSES = 16

const entities = entityMap()
const LIGATURES: Readonly<Record<string, string>> = {
  ...{ Ĳ: 'IJ', ĳ: 'ij', ŉ: 'ʼn', Ǳ: 'DZ', ǲ: 'Dz', ǳ: 'dz', Ǆ: 'DŽ', ǅ: 'Dž', ǆ: 'dž' },
  ...{ Ǉ: 'LJ', ǈ: 'Lj', ǉ: 'lj', Ǌ: 'NJ', ǋ: 'Nj', ǌ: 'nj' },
  ...{ ﬀ: 'ff', ﬁ: 'fi', ﬂ: 'fl', ﬃ: 'ffi', ﬄ: 'ffl', ﬅ: 'ſt', ﬆ: 'st' },
}

/** What ftfy's fix_text does to correctly decoded text, line by line. */
export function fixText(text: string): string {
  let isMarkup = false
  return text
    .split(/(?<=\n)/u)
    .map((line) => {
      // From the first line with markup on, entities are left alone: they are intended.
      isMarkup ||= line.includes('<')
      return fixLine(line, !isMarkup)
    })
    .join('')
}

function fixLine(line: string, unescapes: boolean): string {
  let text = line
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const before = text
    if (unescapes) text = text.replace(/&#?[0-9A-Za-z]{1,24};/g, unescapeOne)
    text = text
      .replace(/[\x80-\x9f]/g, (char) => WINDOWS_1252[char.charCodeAt(0) - 0x80]!)
      .replace(/[ĲĳŉǱ-ǳǄ-ǌﬀ-ﬆ]/g, (char) => LIGATURES[char]!)
      .replace(/[\u3000\uff01-\uffef]/g, toUsualWidth)
      .replace(/[\u201c-\u201f]/g, '"')
      .replace(/[\u02bc\u2018-\u201b]/g, "'")
      .replace(/\r\n|[\r\u2028\u2029\x85]/g, '\n')
      .replace(/\p{Surrogate}/gu, '\ufffd')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals' escapes begin with one
      .replace(/\x1b\[[\p{Nd};]*[a-zA-Z]/gu, '')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
      .replace(/[\0-\x08\x0b\x0e-\x1f\x7f\u206a-\u206f\ufeff\ufff9-\ufffc]/g, '')
    text = toNfc(text)
    if (text === before) break
  }
  return text
}

function toUsualWidth(char: string): string {
  return char === '\u3000' ? ' ' : char.normalize('NFKC')
}

function unescapeOne(entity: string): string {
  const known = entities.get(entity)
  if (known !== undefined) return known
  if (!entity.startsWith('&#')) return entity
  const text = unescapeHtml(entity)
  // It was only partly decoded.
  return text.includes(';') ? entity : text
}

/** Entities with a semicolon, and their upper-case forms if those mean nothing else. */
function entityMap(): Map<string, string> {
  const map = new Map<string, string>()
  for (const [name, text] of closedEntities()) {
    map.set(`&${name}`, text)
    const upper = `&${name.toUpperCase()}`
    if (name === name.toLowerCase() && unescapeHtml(upper) === upper) {
      map.set(upper, text.toUpperCase())
    }
  }
  return map
}
