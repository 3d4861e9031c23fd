const MAX_CHARACTERS = 200
/** Control, format and private characters, lone surrogates, and separators of lines. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u

/**
 * A stranger's text, fit for a log line, an error message or a terminal: one line, bounded, and without
 * what terminals, logs and pages would act on or show in another order. Every message that may quote a
 * stranger passes here.
 */
export function sanitizeText(text: string, maxCharacters = MAX_CHARACTERS): string {
  // A character is one or two UTF-16 units: no more of a long text is looked at.
  const kept = Array.from(text.slice(0, 2 * maxCharacters))
    .slice(0, maxCharacters)
    .join('')
  const line = kept.replace(/\s/gu, ' ').replace(new RegExp(UNPRINTABLE, 'gu'), '\uFFFD')
  return kept.length < text.length ? `${line}…` : line
}

/** Whether it is a text that `sanitizeText` would show as it is, but for its length. */
export function isPrintable(text: string): boolean {
  return !UNPRINTABLE.test(text)
}
