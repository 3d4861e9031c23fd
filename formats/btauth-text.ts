import type { Hex } from './bytes.js'

/** What the signature of a Bittensor request covers. */
export interface RequestTerms {
  method: string
  /** Path and query exactly as sent. */
  target: string
  /** Of the raw bytes as sent. */
  bodySha256: Hex
  /** Unix nanoseconds, in decimal. */
  nonce: string
  /** ss58 of the signer. */
  sender: string
  /** ss58 of the intended receiver. */
  receiver: string
}

/** The eight signed lines of `btauth/1` with sr25519 and a receiver, no trailing newline. */
export function btauthText(terms: RequestTerms): string {
  return [
    'btauth/1',
    'sr25519',
    terms.method.toUpperCase(),
    terms.target,
    terms.bodySha256,
    terms.nonce,
    terms.sender,
    terms.receiver,
  ].join('\n')
}
