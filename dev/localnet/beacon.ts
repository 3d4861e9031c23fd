import { bls12_381 } from '@noble/curves/bls12-381.js'
import { type PointG1, pointOfRound } from '../../chain/timelock/scheme.js'
import { type Hex, toHex, utf8 } from '../../formats/bytes.js'
import { sha256 } from '../../formats/sha256.js'

/**
 * The beacon of this development chain, in place of drand: a round with each block, signed with a key
 * that anybody can compute. So its timelocks hide nothing from who looks.
 */
const SECRET = bls12_381.fields.Fr.create(
  BigInt(`0x${toHex(sha256(utf8('fractal-localnet-beacon')))}`),
)

export function beaconKey(): Hex {
  return bls12_381.G2.Point.BASE.multiply(SECRET).toHex()
}

export function signRound(round: number): PointG1 {
  return pointOfRound(round).multiply(SECRET)
}
