import type { WeightsCall } from '../chain.js'
import { commitHash } from '../commit-hash.js'
import { ChainError } from '../errors.js'
import type { Call } from './extrinsic.js'
import { u16 } from './schemas.js'

/** @throws ChainError `bad_request` for what no extrinsic can hold */
export function weightsCall(call: WeightsCall): Call {
  const { step, netuid, uids, values, versionKey, salt = [], signer } = call
  if (![uids, values, salt].every((list) => list.every((n) => u16.safeParse(n).success))) {
    throw new ChainError('bad_request', 'uids, values and salt have to be integers 0 … 65535')
  }
  switch (step) {
    case 'set':
      return { name: 'set_weights', netuid, uids, values, version_key: versionKey }
    case 'commit': {
      const weights = { hotkey: signer.ss58, netuid, uids, values, salt, versionKey }
      return { name: 'commit_weights', netuid, commit_hash: commitHash(weights) }
    }
    case 'reveal':
      return { name: 'reveal_weights', netuid, uids, values, salt, version_key: versionKey }
  }
}
