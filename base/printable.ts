const MAX_CHARACTERS = 200

/**
 * What a caller sent, fit to be shown in an error: bounded, and without what terminals, logs and pages
 * would act on (control, format and private characters, lone surrogates).
 */
export function shown(text: string, maxCharacters = MAX_CHARACTERS): string {
  const characters = Array.from(text)
  const kept = characters.slice(0, maxCharacters).join('')
  return kept.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '�') + (characters.length > maxCharacters ? '…' : '')
}
