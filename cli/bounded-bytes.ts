import { isShredded } from '../base/net/shredded.js'

/**
 * All bytes of a file or an answer, which may be anybody's: reading stops at the limit.
 * @param tooLong makes the error that is thrown beyond it, and for bytes in too many pieces
 */
export async function boundedBytes(
  chunks: AsyncIterable<Uint8Array> | null,
  max: number,
  tooLong: () => Error,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks ?? []) {
    length += chunk.length
    parts.push(chunk)
    if (length > max || isShredded(parts.length, length)) throw tooLong()
  }
  return Buffer.concat(parts)
}
