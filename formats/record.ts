import type { Hex } from './bytes.js'
import { type CanonicalValue, canonicalJson } from './canonical-json.js'
import { sha256Hex } from './sha256.js'
import { digestLine, signedText } from './signed-text.js'

/**
 * sha256 of a record's canonical JSON, without its `signature` member.
 * @throws FormatError `not_canonical`
 */
export function recordHash(record: { readonly [key: string]: CanonicalValue }): Hex {
  const { signature: _, ...signed } = record
  return sha256Hex(canonicalJson(signed))
}

/** The text a record's signature is over. */
export function recordText(hash: Hex): string {
  return signedText(['fractal-record/1', digestLine('record hash', hash)])
}
