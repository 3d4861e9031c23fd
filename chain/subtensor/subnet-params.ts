import { z } from 'zod'
import type { SubnetParams } from '../chain.js'
import { ChainError } from '../errors.js'
import { count, rao, type StateAt, type Wanted, wanted } from './storage.js'
import { findMethod } from './weights/weights-call.js'

/** Storage items of a subnet's numeric parameters. */
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

/** Storage of timelocked commits, and of the version that the chain reads. */
const TIMELOCK_STORAGE = ['timelockedWeightCommits', 'commitRevealWeightsVersion']

/** @throws ChainError `SubNetworkDoesNotExist`, `MechanismDoesNotExist`, `bad_chain_answer` */
export async function readSubnetParams(
  state: StateAt,
  netuid: number,
  mechanism: number,
): Promise<SubnetParams> {
  // It was called weightsMinStake until 2025; both are the stake weight below which weights are refused.
  const minStake = state.has('stakeThreshold') ? 'stakeThreshold' : 'weightsMinStake'
  // Older runtimes know no such hotkey; in its place stands what is asked for anyway.
  const owner: Wanted<string | null> = state.has('subnetOwnerHotkey')
    ? wanted('subnetOwnerHotkey', z.string(), netuid)
    : wanted(
        'networksAdded',
        z.boolean().transform(() => null),
        netuid,
      )
  const [commitReveal, minStakeRao, ownerHotkey, ...numbers] = await state.readSubnet(
    netuid,
    wanted('commitRevealWeightsEnabled', z.boolean(), netuid),
    wanted(minStake, rao),
    owner,
    ...Object.values(NUMBERS).map((item) => wanted(item, count, netuid)),
  )
  const named = Object.fromEntries(Object.keys(NUMBERS).map((name, i) => [name, numbers[i]!]))
  await assertMechanism(state, netuid, mechanism)
  return {
    ...(named as Record<keyof typeof NUMBERS, number>),
    ...{ commitReveal, timelocked: isTimelocked(state, mechanism), minStakeRao, ownerHotkey },
  }
}

function isTimelocked(state: StateAt, mechanism: number): boolean {
  if (!TIMELOCK_STORAGE.every((item) => state.has(item))) return false
  return findMethod('timelock', (call) => state.argumentsOf(call), mechanism).found !== null
}

async function assertMechanism(state: StateAt, netuid: number, mechanism: number): Promise<void> {
  if (mechanism === 0) return
  const [present] = state.has('mechanismCountCurrent')
    ? await state.read(wanted('mechanismCountCurrent', count, netuid))
    : [1]
  if (mechanism < present) return
  const message = `subnet ${netuid} has no mechanism ${mechanism}: it has ${present}`
  throw new ChainError('MechanismDoesNotExist', message)
}
