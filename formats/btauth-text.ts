import type { Hex } from './bytes.js'

/** What a request of Bittensor's is signed over. */
export interface RequestTerms {
  method: string
  /** Path and query exactly as sent. */
  target: string
  /** Of the raw bytes as sent. */
  bodySha256: Hex
  /** Unix nanoseconds, in decimal. */
  nonce: string
  /** ss58 of who signs. */
  sender: string
  /** ss58 of who shall accept it. */
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
