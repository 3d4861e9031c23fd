import { blake2Hex } from './blake2.js'
import { bare, compact, littleEndian, ScaleReader, sized } from './scale.js'
import type { StorageHex } from './storage.js'

export interface Header {
  readonly parentHash: StorageHex
  readonly number: number
  readonly stateRoot: StorageHex
  readonly extrinsicsRoot: StorageHex
  /** Digest items as SCALE. */
  readonly logs: readonly StorageHex[]
}

export const ZERO_HASH: StorageHex = `0x${'00'.repeat(32)}`
/** The root of an empty trie. */
export const EMPTY_ROOT: StorageHex =
  '0x03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314'
const OTHER = 0
const CONSENSUS = 4
const SEAL = 5
const PRE_RUNTIME = 6

export function encodeHeader(header: Header): StorageHex {
  const { parentHash, number, stateRoot, extrinsicsRoot, logs } = header
  const digest = compact(logs.length) + logs.map(bare).join('')
  return `0x${bare(parentHash)}${compact(number)}${bare(stateRoot)}${bare(extrinsicsRoot)}${digest}`
}

export function decodeHeader(hex: StorageHex): Header {
  const reader = new ScaleReader(hex)
  const parentHash: StorageHex = `0x${reader.bytes(32)}`
  const number = Number(reader.compact())
  const stateRoot: StorageHex = `0x${reader.bytes(32)}`
  const extrinsicsRoot: StorageHex = `0x${reader.bytes(32)}`
  return {
    parentHash,
    number,
    stateRoot,
    extrinsicsRoot,
    logs: reader.list(() => digestItem(reader)),
  }
}

function digestItem(reader: ScaleReader): StorageHex {
  const kind = reader.byte()
  const prefix = littleEndian(kind, 1)
  if (kind === OTHER) return `0x${prefix}${sized(reader.sized())}`
  if (kind !== CONSENSUS && kind !== SEAL && kind !== PRE_RUNTIME) {
    throw new Error(`unknown digest item ${kind}`)
  }
  return `0x${prefix}${reader.bytes(4)}${sized(reader.sized())}`
}

export function hashHeader(header: Header): StorageHex {
  return blake2Hex(encodeHeader(header))
}

/** Says in which slot Aura made the block. */
export function auraDigest(slot: number): StorageHex {
  const engine = Buffer.from('aura').toString('hex')
  return `0x${littleEndian(PRE_RUNTIME, 1)}${engine}${sized(littleEndian(slot, 8))}`
}

/** As a node's JSON-RPC shows it. */
export function headerJson(header: Header) {
  return {
    parentHash: header.parentHash,
    number: `0x${header.number.toString(16)}`,
    stateRoot: header.stateRoot,
    extrinsicsRoot: header.extrinsicsRoot,
    digest: { logs: header.logs },
  }
}
