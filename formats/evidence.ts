import type { Hex } from './bytes.js'
import { type CanonicalValue, canonicalJson } from './canonical-json.js'
import { sha256Hex } from './sha256.js'
import { digestLine, signedText } from './signed-text.js'

/** The version in an evidence file, which also begins the signed text. */
export const EVIDENCE_VERSION = 'fractal-evidence/1'

/**
 * sha256 of an evidence file's canonical JSON, without its `signature` field.
 * @throws FormatError `not_canonical`
 */
export function evidenceHash(evidence: { readonly [key: string]: CanonicalValue }): Hex {
  const { signature: _, ...signed } = evidence
  return sha256Hex(canonicalJson(signed))
}

/** The text that the verifier signs for an evidence file. */
export function evidenceText(hash: Hex): string {
  return signedText([EVIDENCE_VERSION, digestLine('evidence hash', hash)])
}
