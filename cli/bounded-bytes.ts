/**
 * All bytes of a file or an answer, which may be anybody's: reading stops at the limit.
 * @param tooLong makes the error that is thrown beyond it
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
    if (length > max) throw tooLong()
    parts.push(chunk)
  }
  return Buffer.concat(parts)
}
