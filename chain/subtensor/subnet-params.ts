import { z } from 'zod'
import type { SubnetParams } from '../chain.js'
import { count, rao, type StateAt, wanted } from './storage.js'

/** Where the numbers among a subnet's parameters are stored. */
const NUMBERS = {
  tempo: 'tempo',
  weightsRateLimit: 'weightsSetRateLimit',
  weightsVersionKey: 'weightsVersionKey',
  minAllowedWeights: 'minAllowedWeights',
  maxWeightLimit: 'maxWeightsLimit',
  revealPeriodEpochs: 'revealPeriodEpochs',
  immunityPeriod: 'immunityPeriod',
  maxUids: 'maxAllowedUids',
  servingRateLimit: 'servingRateLimit',
} as const

/** @throws ChainError `SubNetworkDoesNotExist`, `bad_chain_answer` */
export async function readSubnetParams(state: StateAt, netuid: number): Promise<SubnetParams> {
  // weightsMinStake is its name until 2025; both are the stake weight below which weights are refused.
  const minStake = state.has('stakeThreshold') ? 'stakeThreshold' : 'weightsMinStake'
  const [commitReveal, minStakeRao, ...numbers] = await state.readSubnet(
    netuid,
    wanted('commitRevealWeightsEnabled', z.boolean(), netuid),
    wanted(minStake, rao),
    ...Object.values(NUMBERS).map((item) => wanted(item, count, netuid)),
  )
  const named = Object.fromEntries(Object.keys(NUMBERS).map((name, i) => [name, numbers[i]!]))
  const [ownerHotkey] = state.has('subnetOwnerHotkey')
    ? await state.read(wanted('subnetOwnerHotkey', z.string(), netuid))
    : [null]
  return {
    ...(named as Record<keyof typeof NUMBERS, number>),
    ...{ commitReveal, minStakeRao, ownerHotkey },
  }
}
