import { blake2b } from '@noble/hashes/blake2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { bare } from './scale.js'
import type { StorageHex } from './storage.js'

/** What Substrate names blocks and extrinsics by. */
export function blake2Hex(hex: StorageHex): StorageHex {
  return `0x${bytesToHex(blake2b(hexToBytes(bare(hex)), { dkLen: 32 }))}`
}
