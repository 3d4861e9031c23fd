/**
 * - `ok`: computed here, and correct
 * - `failed`: computed here, and wrong
 * - `signed`: it can't be computed here, but a verified signature covers it
 * - `open`: it can't be computed here, and nobody signed it
 */
export type Found = 'ok' | 'failed' | 'signed' | 'open'

export interface Finding {
  readonly id: string
  readonly what: string
  readonly found: Found
  /** How it was checked and what came out, in words. */
  readonly text: string
}

/** @param good the text if `ok` @param bad the text if not */
export function finding(id: string, what: string, ok: boolean, good: string, bad: string): Finding {
  return { id, what, found: ok ? 'ok' : 'failed', text: ok ? good : bad }
}
