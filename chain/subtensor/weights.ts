import { z } from 'zod'
import type { Epoch, WeightsCommit } from '../chain.js'
import { commitWindow, nextEpochEnd, type Schedule } from './epochs.js'
import { count, type StateAt, wanted } from './state-at.js'
import { assertSubnet } from './subnet.js'

const pairs = z.array(z.tuple([count, count]))
const hash = z.string().transform((text) => text.slice(2))
const commitsOf = z.array(z.tuple([hash, count, count, count])).nullable()
const flag = z.boolean()

/** @throws ChainError `SubNetworkDoesNotExist` */
export async function readWeights(
  state: StateAt,
  netuid: number,
  uid: number,
): Promise<[uid: number, value: number][]> {
  const [added, weights] = await state.read(
    wanted('networksAdded', flag, netuid),
    wanted('weights', pairs, netuid, uid),
  )
  assertSubnet(added, netuid)
  return weights
}

/** @throws ChainError `SubNetworkDoesNotExist` */
export async function readCommits(
  state: StateAt,
  netuid: number,
  hotkey: string,
): Promise<WeightsCommit[]> {
  const [[added, period, commits], schedule] = await Promise.all([
    state.read(
      wanted('networksAdded', flag, netuid),
      wanted('revealPeriodEpochs', count, netuid),
      wanted('weightCommits', commitsOf, netuid, hotkey),
    ),
    readSchedule(state, netuid),
  ])
  assertSubnet(added, netuid)
  return (commits ?? []).map((stored) => commitWindow(stored, schedule, period))
}

/** @throws ChainError `SubNetworkDoesNotExist` */
export async function readEpoch(state: StateAt, netuid: number): Promise<Epoch> {
  const [[added, tempo, blocksSinceLast], schedule] = await Promise.all([
    state.read(
      wanted('networksAdded', flag, netuid),
      wanted('tempo', count, netuid),
      wanted('blocksSinceLastStep', count, netuid),
    ),
    readSchedule(state, netuid),
  ])
  assertSubnet(added, netuid)
  return { tempo, blocksSinceLast, nextBlock: nextEpochEnd(schedule, state.block.number, netuid) }
}

/** Runtimes since 2026 keep an account of epochs; before, block numbers told them. */
async function readSchedule(state: StateAt, netuid: number): Promise<Schedule> {
  const [tempo] = await state.read(wanted('tempo', count, netuid))
  if (!state.has('subnetEpochIndex')) return { kind: 'by block number', tempo }
  const [index, lastEpochBlock, pendingEpochAt] = await state.read(
    wanted('subnetEpochIndex', count, netuid),
    wanted('lastEpochBlock', count, netuid),
    wanted('pendingEpochAt', count, netuid),
  )
  return { kind: 'counted', tempo, index, lastEpochBlock, pendingEpochAt }
}
