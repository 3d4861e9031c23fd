import { z } from 'zod'
import { toHex } from '../../formats/bytes.js'
import type { WeightsCall } from '../chain.js'
import { commitHash } from '../commit-hash.js'
import { ChainError } from '../errors.js'
import { encryptToRound } from '../timelock/encrypt.js'
import { encodePayload } from '../timelock/payload.js'
import type { Call } from './extrinsic.js'
import { u16 } from './schemas.js'

/** The beacon and round to which timelocked commits in the next block must be encrypted. */
export const timelockPlan = z.object({ publicKey: z.string(), round: z.int(), version: u16 })

/**
 * @param plan for the step `timelock`; null for all others
 * @throws ChainError `bad_request` for values that an extrinsic can't encode
 */
export function weightsCall(call: WeightsCall, plan: z.infer<typeof timelockPlan> | null): Call {
  const { step, netuid, uids, values, versionKey, salt = [], signer } = call
  if (![uids, values, salt].every((list) => list.every((n) => u16.safeParse(n).success))) {
    throw new ChainError('bad_request', 'uids, values and salt must be integers 0 … 65535')
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
    case 'timelock': {
      if (plan === null) throw new ChainError('bad_request', 'timelocked weights need a round')
      const plain = encodePayload({ hotkey: signer.ss58, uids, values, versionKey })
      return {
        name: 'commit_timelocked_weights',
        netuid,
        commit: toHex(encryptToRound(plain, plan.publicKey, plan.round)),
        reveal_round: plan.round,
        commit_reveal_version: plan.version,
      }
    }
  }
}
