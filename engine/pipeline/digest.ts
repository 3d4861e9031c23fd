import { createHash } from 'node:crypto'

/**
 * sha256 of the arrays' bytes in order; uses Node's, which is fast for megabytes. Float32 is little-endian on
 * every supported platform.
 */
export function digestOf(...arrays: readonly (Float32Array | Uint8Array)[]): Uint8Array {
  const hash = createHash('sha256')
  for (const a of arrays) hash.update(new Uint8Array(a.buffer, a.byteOffset, a.byteLength))
  return hash.digest()
}
