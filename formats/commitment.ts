import type { Hex } from './bytes.js'
import { digestLine, integerLine, signedText } from './signed-text.js'

export interface CommitmentTerms {
  genesisHash: Hex
  netuid: number
  /** ss58 of the committing hotkey. */
  verifier: string
  /** The interval that the secret will open: n+1 while n is open. */
  n: number
  /** Of the 32 secret bytes. */
  secretSha256: Hex
}

/** The text that commits a verifier to an interval's secret before the interval begins. */
export function commitmentText(terms: CommitmentTerms): string {
  return signedText([
    'fractal-commit/1',
    digestLine('genesis hash', terms.genesisHash),
    integerLine('netuid', terms.netuid),
    terms.verifier,
    integerLine('interval', terms.n),
    digestLine('secret sha256', terms.secretSha256),
  ])
}
