import { createCipheriv, randomBytes } from 'node:crypto'
import { bls12_381 } from '@noble/curves/bls12-381.js'
import { concat, type Hex, utf8 } from '../../formats/bytes.js'
import { sha256 } from '../../formats/sha256.js'
import { u64le } from '../scale.js'
import { CIPHER, KEY_BYTES, pointOfRound, scalarOf, sharedBytes, xor } from './scheme.js'

const NONCE_BYTES = 12

/**
 * Encrypts so that nobody can decrypt before the beacon signs this round. Takes 0.05 to 1 s of CPU time.
 * @param publicKey of the beacon, compressed
 */
export function encryptToRound(plain: Uint8Array, publicKey: Hex, round: number): Uint8Array {
  const key = randomBytes(KEY_BYTES)
  const sigma = randomBytes(KEY_BYTES)
  const r = scalarOf(sigma, key)
  const beacon = bls12_381.G2.Point.fromHex(publicKey)
  const u = bls12_381.G2.Point.BASE.multiply(r)
  const shared = sharedBytes(pointOfRound(round), beacon.multiply(r))
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const sealed = concat(cipher.update(plain), cipher.final(), cipher.getAuthTag())
  return concat(
    u.toBytes(),
    vec(xor(sigma, sha256(shared))),
    vec(xor(key, sha256(sigma))),
    vec(concat(vec(sealed), vec(nonce))),
    vec(utf8(CIPHER)),
  )
}

/** A list in arkworks's encoding: the length has eight bytes. */
function vec(bytes: Uint8Array): Uint8Array {
  return concat(u64le(bytes.length), bytes)
}
