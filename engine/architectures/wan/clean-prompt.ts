import { fixText } from './fix-text.js'
import { unescapeHtml } from './html-unescape.js'

/** Python's whitespace: JavaScript's includes U+FEFF, and lacks the separators 1c … 1f and U+0085. */
const SPACES =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'
const spaces = new RegExp(`[${SPACES}]+`, 'gu')
const ends = new RegExp(`^[${SPACES}]+|[${SPACES}]+$`, 'gu')

/** Cleans a prompt as diffusers' WanPipeline does before tokenising, if ftfy is installed. */
export function cleanPrompt(prompt: string): string {
  const unescaped = unescapeHtml(unescapeHtml(fixText(prompt)))
  return unescaped.replace(ends, '').replace(spaces, ' ').replace(ends, '')
}
