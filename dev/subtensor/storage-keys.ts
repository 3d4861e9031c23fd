import { createRequire } from 'node:module'
import { littleEndian } from './scale.js'
import type { StorageHex } from './storage.js'

// In its CommonJS form for the reason in base/crypto.ts.
const { blake2AsHex, xxhashAsHex }: typeof import('@polkadot/util-crypto') = createRequire(
  import.meta.url,
)('@polkadot/util-crypto')

/** Keys that a block is made by, before there is an API that could name them. */
export const CODE: StorageHex = '0x3a636f6465'
export const EXTRINSIC_INDEX: StorageHex = '0x3a65787472696e7369635f696e646578'
/** Timestamp.Now, u64 in milliseconds. */
export const TIMESTAMP: StorageHex =
  '0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb'
/** Sudo.Key, an account id. */
export const SUDO_KEY: StorageHex =
  '0x5c0d1176a568c1f92944340dbfed9e9c530ebca703c85910e7164cb7d1c9e47b'
const SYSTEM_ACCOUNT = '0x26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9'
const BLOCK_HASH = '0x26aa394eea5630e07c48ae0c9558cef7a44704b568d21667356a5a050c118746'

/** System.BlockHash of a number: what an extrinsic's era is checked by. */
export function blockHashKey(number: number): StorageHex {
  const le = littleEndian(number, 4)
  return `${BLOCK_HASH}${xxhashAsHex(Buffer.from(le, 'hex'), 64).slice(2)}${le}` as StorageHex
}

/** System.Account of a public key. */
export function accountKey(publicKey: StorageHex): StorageHex {
  const hash = blake2AsHex(publicKey, 128).slice(2)
  return `${SYSTEM_ACCOUNT}${hash}${publicKey.slice(2)}` as StorageHex
}
