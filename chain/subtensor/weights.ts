import { z } from 'zod'
import type { Epoch, WeightsCommit } from '../chain.js'
import { commitWindow, nextEpochEnd, type Schedule } from './epochs.js'
import { count, type StateAt, wanted } from './storage.js'

const pairs = z.array(z.tuple([count, count]))
const hash = z.string().transform((text) => text.slice(2))
const commitsOf = z.array(z.tuple([hash, count, count, count])).nullable()

/** @throws ChainError `SubNetworkDoesNotExist` */
export async function readWeights(
  state: StateAt,
  netuid: number,
  uid: number,
): Promise<[uid: number, value: number][]> {
  const [weights] = await state.readSubnet(netuid, wanted('weights', pairs, netuid, uid))
  return weights
}

/** @throws ChainError `SubNetworkDoesNotExist` */
export async function readCommits(
  state: StateAt,
  netuid: number,
  hotkey: string,
): Promise<WeightsCommit[]> {
  const [[period, commits], schedule] = await Promise.all([
    state.readSubnet(
      netuid,
      wanted('revealPeriodEpochs', count, netuid),
      wanted('weightCommits', commitsOf, netuid, hotkey),
    ),
    readSchedule(state, netuid),
  ])
  return (commits ?? []).map((stored) => commitWindow(stored, schedule, period))
}

/** @throws ChainError `SubNetworkDoesNotExist` */
export async function readEpoch(state: StateAt, netuid: number): Promise<Epoch> {
  const [[blocksSinceLast], schedule] = await Promise.all([
    state.readSubnet(netuid, wanted('blocksSinceLastStep', count, netuid)),
    readSchedule(state, netuid),
  ])
  const nextBlock = nextEpochEnd(schedule, state.block.number, netuid)
  return { tempo: schedule.tempo, blocksSinceLast, nextBlock }
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
