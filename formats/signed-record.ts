import { canonicalJson } from './canonical-json.js'

/** Published with a record although it was only known after hashing; the chain is the authority on it. */
export type PublishedWeights = {
  /** `weights`, or why there are none. */
  kind: string
  /** The block whose neurons the vector was made for, and the one that shows it. */
  sent_block: number | null
  included_block: number | null
}

/**
 * The published file of a record: canonical JSON again, so that it has exactly one form.
 * @param record canonical JSON: the text that was hashed
 * @param signature over its hash
 */
export function signedRecordText(
  record: string,
  signature: string,
  published: PublishedWeights,
): string {
  const [weights, signed] = [canonicalJson(published), JSON.stringify(signature)]
  return `{"published":${weights},"record":${record},"signature":${signed}}`
}
