import { toHex } from './bytes.js'
import { FormatError } from './error.js'

/**
 * A UUIDv4 made from 16 drawn bytes with the version and variant bits set.
 * @throws FormatError `bad_integer` for any other number of bytes
 */
export function requestIdFromBytes(bytes: Uint8Array): string {
  if (bytes.length !== 16) throw new FormatError('bad_integer', 'a request id has 16 bytes')
  const id = Uint8Array.from(bytes)
  id[6] = (id[6]! & 0x0f) | 0x40
  id[8] = (id[8]! & 0x3f) | 0x80
  return toHex(id).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** True for a lowercase UUIDv4. */
export function isRequestId(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text)
}
