import { RpcError } from './rpc/error.js'
import { ScaleReader } from './scale.js'
import type { StorageHex } from './storage.js'

/** What the runtime says of an extrinsic that may enter the pool. */
export interface Validity {
  readonly priority: bigint
  readonly requires: readonly string[]
  readonly provides: readonly string[]
  /** Blocks. */
  readonly longevity: number
}

/** The words of Substrate's nodes, which clients compare; by the variant's index. */
const INVALID = [
  'Transaction call is not expected',
  'Inability to pay some fees (e.g. account balance too low)',
  'Transaction will be valid in the future',
  'Transaction is outdated',
  'Transaction has a bad signature',
  'Transaction has an ancient birth block',
  'Transaction would exhaust the block limits',
  'Custom error: ',
  'A call was labelled as mandatory, but resulted in an Error.',
  'Transaction dispatch is mandatory; transactions must not be validated.',
  'Invalid signing address',
]
const CUSTOM = 7
const UNKNOWN = [
  'Could not lookup information required to validate the transaction',
  'Could not find an unsigned validator for the unsigned transaction',
  'Unknown transaction validity: ',
]

/** @throws RpcError 1010 or 1011, as a node answers them */
export function readValidity(result: StorageHex): Validity {
  const reader = new ScaleReader(result)
  if (reader.byte() === 0) {
    const priority = reader.int(8)
    const requires = reader.list(() => reader.sized())
    const provides = reader.list(() => reader.sized())
    const longevity = Number(reader.int(8))
    return { priority, requires, provides, longevity }
  }
  const isInvalid = reader.byte() === 0
  const reason = reader.byte()
  if (!isInvalid) {
    throw new RpcError(1011, 'Unknown Transaction Validity', UNKNOWN[reason] ?? String(reason))
  }
  const text = INVALID[reason] ?? String(reason)
  const data = reason === CUSTOM ? `${text}${reader.byte()}` : text
  throw new RpcError(1010, 'Invalid Transaction', data)
}
