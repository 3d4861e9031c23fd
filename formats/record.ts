import type { Hex } from './bytes.js'
import { sha256Hex } from './sha256.js'
import { digestLine, signedText } from './signed-text.js'

/** sha256 of a record's canonical JSON: its hash, which the next record links to. */
export function recordHash(canonical: string): Hex {
  return sha256Hex(canonical)
}

/** The text that a record's signature covers. */
export function recordText(hash: Hex): string {
  return signedText(['fractal-record/1', digestLine('record hash', hash)])
}
