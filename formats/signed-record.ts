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
  const [before, after] = around(signature, published)
  return `${before}${record}${after}`
}

/**
 * The inverse of `signedRecordText`, without a copy: a record has many megabytes.
 * @returns the record's part of the text; null if this is not the file of such a record
 */
export function recordInFile(
  text: string,
  signature: string,
  published: PublishedWeights,
): string | null {
  const [before, after] = around(signature, published)
  if (!text.startsWith(before) || !text.endsWith(after)) return null
  return text.slice(before.length, text.length - after.length)
}

function around(signature: string, published: PublishedWeights): [string, string] {
  return [
    `{"published":${canonicalJson(published)},"record":`,
    `,"signature":${JSON.stringify(signature)}}`,
  ]
}
