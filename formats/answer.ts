import type { Hex } from './bytes.js'
import { sha256Hex } from './sha256.js'
import { digestLine, integerLine, signedText } from './signed-text.js'

/** What a prover's signature binds together. */
export interface AnswerTerms {
  genesisHash: Hex
  netuid: number
  /** ss58 of the asking hotkey. */
  verifier: string
  /** ss58 of the answering hotkey. */
  prover: string
  /** Of the raw request body. */
  bodySha256: Hex
  framesSha256: Hex
  traceRoot: Hex
  /** The whole class; its sha256 is signed. */
  determinismClass: string
  modelRoot: Hex
}

/**
 * The text that an answer's sr25519 signature covers: ten lines, no trailing newline.
 * @throws FormatError `bad_hex`, `bad_integer`, `bad_text`
 */
export function answerText(terms: AnswerTerms): string {
  return signedText([
    'fractal-answer/1',
    digestLine('genesis hash', terms.genesisHash),
    integerLine('netuid', terms.netuid),
    terms.verifier,
    terms.prover,
    digestLine('body sha256', terms.bodySha256),
    digestLine('frames_sha256', terms.framesSha256),
    digestLine('trace root', terms.traceRoot),
    sha256Hex(terms.determinismClass),
    digestLine('model root', terms.modelRoot),
  ])
}
