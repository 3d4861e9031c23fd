const MAX_LENGTH = 300

/**
 * A stranger's text, safe for a log line or a terminal: one line, nothing that a terminal would obey
 * or show in another order, at most 300 UTF-16 units. Every message that may quote a stranger passes here.
 */
export function plain(text: string): string {
  return text.slice(0, MAX_LENGTH).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
}
