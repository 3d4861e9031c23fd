/**
 * - `ok`: computed here, and it holds
 * - `failed`: computed here, and it does not hold
 * - `signed`: nothing here can compute it; it stands under a signature that was checked
 * - `open`: nothing here can compute it, and nobody signed it
 */
export type Found = 'ok' | 'failed' | 'signed' | 'open'

export interface Finding {
  readonly id: string
  readonly what: string
  readonly found: Found
  /** How it was checked and what came out, in words. */
  readonly text: string
}

/** @param good said when it holds @param bad said when it does not */
export function finding(id: string, what: string, ok: boolean, good: string, bad: string): Finding {
  return { id, what, found: ok ? 'ok' : 'failed', text: ok ? good : bad }
}
