import { blake2b } from '@noble/hashes/blake2.js'
import { decodeAddress, encodeAddress } from '../../base/crypto.js'
import { concat, type Hex, toHex } from '../../formats/bytes.js'
import { u64le, vecOfBytes, vecOfU16 } from '../scale.js'

/** What a timelocked commit hides. */
export interface TimelockedWeights {
  /** ss58: the chain only sets them for the hotkey that committed. */
  hotkey: string
  /** u16 each, as `values`. */
  uids: readonly number[]
  values: readonly number[]
  versionKey: number
}

/** SCALE encoding of Subtensor's `WeightsTlockPayload`. */
export function encodePayload({ hotkey, uids, values, versionKey }: TimelockedWeights): Uint8Array {
  return concat(
    vecOfBytes(decodeAddress(hotkey)),
    vecOfU16(uids),
    vecOfU16(values),
    u64le(versionKey),
  )
}

/** Identifies a timelocked commit: blake2b-256 of its bytes, as in the chain's event. */
export function timelockHash(commit: Uint8Array): Hex {
  return toHex(blake2b(commit, { dkLen: 32 }))
}

/** @throws Error for malformed bytes */
export function decodePayload(bytes: Uint8Array): TimelockedWeights {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  const length = () => {
    const isLong = (view.getUint8(at) & 3) === 1
    const found = (isLong ? view.getUint16(at, true) : view.getUint8(at)) >>> 2
    at += isLong ? 2 : 1
    return found
  }
  const numbers = () =>
    Array.from({ length: length() }, () => {
      at += 2
      return view.getUint16(at - 2, true)
    })
  const account = length()
  const hotkey = encodeAddress(bytes.slice(at, at + account), 42)
  at += account
  const [uids, values] = [numbers(), numbers()]
  const versionKey = Number(view.getBigUint64(at, true))
  if (at + 8 !== bytes.length) throw new Error('the bytes go on')
  return { hotkey, uids, values, versionKey }
}
