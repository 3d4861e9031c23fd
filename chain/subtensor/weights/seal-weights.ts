import type { Hex } from '../../../formats/bytes.js'
import { toHex } from '../../../formats/bytes.js'
import type { WeightsCall } from '../../chain.js'
import { ChainError } from '../../errors.js'
import { encryptToRound } from '../../timelock/encrypt.js'
import { encodePayload } from '../../timelock/payload.js'
import { QUICKNET_KEY, revealRound } from '../../timelock/quicknet.js'
import { count, type StateAt, wanted } from '../storage.js'
import { firstRevealAfter } from './epochs.js'
import { readSchedule } from './read-weights.js'

/** Weights in a timelocked commit. */
export interface SealedWeights {
  commit: Hex
  /** Round of drand's quicknet. */
  revealRound: number
  /** The chain refuses any other version than its own. */
  commitRevealVersion: number
}

/**
 * Encrypts weights to the drand round that will have been published when the chain reveals commits of its
 * next block.
 * @throws ChainError `weights_unsupported` on a subnet without epochs, and what reads throw
 */
export async function sealWeights(
  state: StateAt,
  { netuid, uids, values, versionKey, signer }: WeightsCall,
  blockSeconds: number,
): Promise<SealedWeights> {
  const [[period, since, commitRevealVersion], schedule, nowSeconds] = await Promise.all([
    state.readSubnet(
      netuid,
      wanted('revealPeriodEpochs', count, netuid),
      wanted('blocksSinceLastStep', count, netuid),
      wanted('commitRevealWeightsVersion', count),
    ),
    readSchedule(state, netuid),
    state.madeAtSeconds(),
  ])
  const head = state.block.number
  const firstReveal = firstRevealAfter(schedule, { netuid, head, since, period })
  if (firstReveal === null) {
    throw new ChainError('weights_unsupported', `subnet ${netuid} has no epochs: its tempo is 0`)
  }
  const round = revealRound(nowSeconds, { head, firstReveal, blockSeconds })
  const plain = encodePayload({ hotkey: signer.ss58, uids, values, versionKey })
  const commit = toHex(encryptToRound(plain, QUICKNET_KEY, round))
  return { commit, revealRound: round, commitRevealVersion }
}
