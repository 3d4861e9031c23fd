import type { WeightsCall } from '../chain.js'
import { commitHash } from '../commit-hash.js'
import { ChainError } from '../errors.js'
import type { Runtime } from './runtime.js'
import { weightsMethod } from './weights-support.js'

const PALLET = 'subtensorModule'
/** The first mechanism of a subnet; its storage index, which a commit hashes, is the netuid. */
const MECHANISM = 0

/** @throws ChainError `weights_unsupported`, `bad_request` */
export function weightsCallBytes(
  runtime: Runtime,
  call: WeightsCall,
): { bytes: Uint8Array; commitHash: string | null } {
  const { step, netuid, uids, values, versionKey, salt = [], signer } = call
  if (![uids, values, salt].every((list) => list.every(isU16))) {
    throw new ChainError('bad_request', 'uids, values and salt have to be integers 0 … 65535')
  }
  const { specVersion } = runtime.version
  const method = weightsMethod(step, (name) => runtime.callArguments(PALLET, name), specVersion)
  const weights = { hotkey: signer.ss58, netuid, uids, values, salt, versionKey }
  const hash = step === 'commit' ? commitHash(weights) : null
  const given: Record<string, unknown> = {
    netuid,
    mecid: MECHANISM,
    dests: uids,
    weights: values,
    uids,
    values,
    salt,
    versionKey,
    commitHash: `0x${hash}`,
  }
  const args = method.args.map((name) => given[name])
  return { bytes: runtime.callBytes(PALLET, method.call, args), commitHash: hash }
}

function isU16(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 65535
}
