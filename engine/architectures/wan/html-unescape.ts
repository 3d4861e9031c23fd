import { HTML_ENTITIES } from './html-entities.js'

/** By name, with its semicolon if it needs one. */
const named = new Map<string, string>()
for (const row of HTML_ENTITIES.split(' ')) {
  const [name, codes] = row.split(':') as [string, string]
  const text = String.fromCodePoint(...codes.split('.').map((code) => Number.parseInt(code, 16)))
  const bare = name.replace('!', '')
  named.set(`${bare};`, text)
  if (name.endsWith('!')) named.set(bare, text)
}

/** Bytes 80 … 9f in Windows-1252; undefined ones stay as they are. */
export const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ'

const REFERENCE = /&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)/gu

/** Python's `html.unescape`. */
export function unescapeHtml(text: string): string {
  return text.replace(REFERENCE, (_, reference: string) => {
    if (reference.startsWith('#')) return numbered(reference.slice(1))
    const whole = named.get(reference)
    if (whole !== undefined) return whole
    for (let length = reference.length - 1; length > 1; length--) {
      const known = named.get(reference.slice(0, length))
      if (known !== undefined) return known + reference.slice(length)
    }
    return `&${reference}`
  })
}

/** Names that end in a semicolon, with their characters. */
export function closedEntities(): [string, string][] {
  return [...named].filter(([name]) => name.endsWith(';'))
}

function numbered(digits: string): string {
  const isHex = /^x/i.test(digits)
  const code = Number.parseInt(isHex ? digits.slice(1) : digits, isHex ? 16 : 10)
  if (code === 0 || (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff) return '\ufffd'
  if (code >= 0x80 && code <= 0x9f) return WINDOWS_1252[code - 0x80]!
  return isNoCharacter(code) ? '' : String.fromCodePoint(code)
}

/** Control characters and Unicode noncharacters. */
function isNoCharacter(code: number): boolean {
  return (
    (code < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d].includes(code)) ||
    code === 0x7f ||
    (code >= 0xfdd0 && code <= 0xfdef) ||
    (code & 0xfffe) === 0xfffe
  )
}
