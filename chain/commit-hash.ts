import { blake2b } from '@noble/hashes/blake2.js'
import { decodeAddress } from '../base/crypto.js'
import { concat, type Hex, toHex } from '../formats/bytes.js'
import { u16le, u64le, vecOfU16 } from './scale.js'

/** What a commit hides and its reveal discloses. */
export interface CommittedWeights {
  /** ss58. */
  hotkey: string
  /**
   * Newer Subtensor hashes the storage index (mechanism · 4096 + netuid) here, which is the netuid for
   * mechanism 0.
   */
  netuid: number
  /** u16 each, as `values` and `salt`. */
  uids: readonly number[]
  values: readonly number[]
  salt: readonly number[]
  versionKey: number
}

/**
 * The hash that Subtensor stores for a commit and recomputes from its reveal: blake2b-256 of SCALE
 * (AccountId32, u16 netuid, Vec<u16> uids, Vec<u16> values, Vec<u16> salt, u64 versionKey), verified by a
 * reveal that the runtime accepted (chain-notes section 2).
 */
export function commitHash(weights: CommittedWeights): Hex {
  return toHex(blake2b(commitBytes(weights), { dkLen: 32 }))
}

/** The SCALE bytes that are hashed. */
export function commitBytes(weights: CommittedWeights): Uint8Array {
  const { hotkey, netuid, uids, values, salt, versionKey } = weights
  return concat(
    decodeAddress(hotkey),
    u16le(netuid),
    vecOfU16(uids),
    vecOfU16(values),
    vecOfU16(salt),
    u64le(versionKey),
  )
}
