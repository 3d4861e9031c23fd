import { canonicalJson } from './canonical-json.js'

/** What is told with a record although it came after it was hashed: the chain knows better. */
export type PublishedWeights = {
  /** `weights`, or why there are none. */
  kind: string
  /** The block whose neurons the vector was made for, and the one that shows it. */
  sent_block: number | null
  included_block: number | null
}

/**
 * The file in which a record is published: canonical JSON again, so that it has one form and no other.
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
