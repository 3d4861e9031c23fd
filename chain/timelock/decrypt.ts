import { createDecipheriv } from 'node:crypto'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { concat } from '../../formats/bytes.js'
import { sha256 } from '../../formats/sha256.js'
import {
  CIPHER,
  KEY_BYTES,
  POINT_BYTES,
  type PointG1,
  scalarOf,
  sharedBytes,
  TAG_BYTES,
  xor,
} from './scheme.js'

/**
 * Decrypts what `encryptToRound` encrypted, using the beacon's signature of that round.
 * @throws Error for anything else
 */
export function decryptWithSignature(sealed: Uint8Array, signature: PointG1): Uint8Array {
  const u = bls12_381.G2.Point.fromBytes(sealed.slice(0, POINT_BYTES))
  const outer = new Reader(sealed.slice(POINT_BYTES))
  const [v, w] = [outer.vec(KEY_BYTES), outer.vec(KEY_BYTES)]
  const body = new Reader(outer.vec())
  if (new TextDecoder().decode(outer.vec()) !== CIPHER) throw new Error('another cipher')
  const [encrypted, nonce] = [body.vec(), body.vec()]
  const sigma = xor(v, sha256(sharedBytes(signature, u)))
  const key = xor(w, sha256(sigma))
  const r = scalarOf(sigma, key)
  if (!bls12_381.G2.Point.BASE.multiply(r).equals(u)) throw new Error('for another round')
  const decipher = createDecipheriv('aes-256-gcm', key, nonce)
  decipher.setAuthTag(encrypted.slice(-TAG_BYTES))
  return concat(decipher.update(encrypted.slice(0, -TAG_BYTES)), decipher.final())
}

/** Reads lists in arkworks's encoding. */
class Reader {
  #rest: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#rest = bytes
  }

  vec(expected?: number): Uint8Array {
    if (this.#rest.length < 8) throw new Error('the bytes end too soon')
    const length = Number(new DataView(this.#rest.slice(0, 8).buffer).getBigUint64(0, true))
    const end = 8 + length
    if (end > this.#rest.length || (expected !== undefined && length !== expected)) {
      throw new Error(`a list of ${length} bytes`)
    }
    const found = this.#rest.slice(8, end)
    this.#rest = this.#rest.slice(end)
    return found
  }
}
