const MAX_CHARACTERS = 200
/** Control, format and private-use characters, lone surrogates, and line separators. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u

/**
 * Makes untrusted text safe for a log line, an error message or a terminal: one line, of limited length,
 * without characters that terminals, logs and pages would interpret or reorder. Every message that may quote
 * untrusted text must go through this.
 */
export function sanitizeText(text: string, maxCharacters = MAX_CHARACTERS): string {
  // A character is one or two UTF-16 units, so no more of a long text needs to be read.
  const kept = Array.from(text.slice(0, 2 * maxCharacters))
    .slice(0, maxCharacters)
    .join('')
  const line = kept.replace(/\s/gu, ' ').replace(new RegExp(UNPRINTABLE, 'gu'), '\uFFFD')
  return kept.length < text.length ? `${line}…` : line
}

/** Whether `sanitizeText` would leave the text unchanged, apart from its length. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text)
}
