import type { Hex } from './bytes.js'
import { type CanonicalValue, canonicalJson } from './canonical-json.js'
import { sha256Hex } from './sha256.js'
import { digestLine, signedText } from './signed-text.js'

/**
 * The text that a verifier signs to publish the classes that it can judge.
 * @param body what it publishes, including its own hotkey and the chain's genesis hash
 * @throws FormatError `not_canonical`
 */
export function publishedClassesText(body: { readonly [key: string]: CanonicalValue }): string {
  const hash: Hex = sha256Hex(canonicalJson(body))
  return signedText(['fractal-classes/1', digestLine('classes hash', hash)])
}
