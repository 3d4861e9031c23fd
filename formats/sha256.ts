import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js'
import { type Hex, toHex, utf8 } from './bytes.js'

/** Pure JavaScript, so that rules and workflows can use it; for bulk data node:crypto is faster. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return nobleSha256(bytes)
}

/** Text is hashed as UTF-8. */
export function sha256Hex(data: Uint8Array | string): Hex {
  return toHex(sha256(typeof data === 'string' ? utf8(data) : data))
}
