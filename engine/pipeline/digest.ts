import { createHash } from 'node:crypto'

/** sha256 of the arrays' bytes in order; Node's, for megabytes. Float32 are little-endian on every platform supported. */
export function digestOf(...arrays: readonly (Float32Array | Uint8Array)[]): Uint8Array {
  const hash = createHash('sha256')
  for (const a of arrays) hash.update(new Uint8Array(a.buffer, a.byteOffset, a.byteLength))
  return hash.digest()
}
