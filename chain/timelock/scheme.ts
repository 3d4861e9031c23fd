import { bls12_381 } from '@noble/curves/bls12-381.js'
import { concat, fromHex, toHex } from '../../formats/bytes.js'
import { sha256 } from '../../formats/sha256.js'
import { u64le } from '../scale.js'

/**
 * Timelock encryption like the `tle` crate in Subtensor's pallet, tested in both directions against
 * `bittensor-drand` 2.0.0: encrypts to a round of a beacon that signs with BLS12-381, signatures in G1, keys
 * in G2.
 */

export type PointG1 = InstanceType<typeof bls12_381.G1.Point>
export type PointG2 = InstanceType<typeof bls12_381.G2.Point>

const HASH_TO_G1 = { DST: 'BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_' }
const FIELD_BYTES = 48
export const KEY_BYTES = 32
export const POINT_BYTES = 96
export const TAG_BYTES = 16
export const CIPHER = 'AES_GCM_'

/** What the beacon signs for a round: sha256 of its big-endian number, hashed to G1. */
export function pointOfRound(round: number): PointG1 {
  const number = u64le(round).reverse()
  return bls12_381.G1.Point.fromAffine(
    bls12_381.G1.hashToCurve(sha256(number), HASH_TO_G1).toAffine(),
  )
}

/**
 * The pairing e(signature, key): computable both with a round's signature and with the secret of the key.
 */
export function sharedBytes(g1: PointG1, g2: PointG2): Uint8Array {
  const { c0, c1 } = bls12_381.pairing(g1, g2)
  const fp2s = [c0, c1].flatMap((fp6) => [fp6.c0, fp6.c1, fp6.c2])
  return concat(...fp2s.flatMap((fp2) => [littleEndian(fp2.c0), littleEndian(fp2.c1)]))
}

/** The scalar that binds a ciphertext to its key and its secret. */
export function scalarOf(sigma: Uint8Array, key: Uint8Array): bigint {
  return bls12_381.fields.Fr.create(BigInt(`0x${toHex(sha256(concat(sigma, key)))}`))
}

/** Both 32 bytes long. */
export function xor(a: Uint8Array, b: Uint8Array): Uint8Array {
  return a.map((byte, i) => byte ^ b[i]!)
}

function littleEndian(element: bigint): Uint8Array {
  return fromHex(element.toString(16).padStart(2 * FIELD_BYTES, '0')).reverse()
}
