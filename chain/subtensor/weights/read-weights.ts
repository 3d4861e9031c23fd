import { z } from 'zod'
import type { Epoch, WeightsCommit } from '../../chain.js'
import { count, type StateAt, wanted, wantedOf } from '../storage.js'
import {
  commitWindow,
  epochByNumber,
  nextEpochEnd,
  type Schedule,
  timelockWindow,
} from './epochs.js'
import type { MechanismOf } from './mechanism.js'

const pairs = z.array(z.tuple([count, count]))
const hash = z.string().transform((text) => text.slice(2))
const commitsOf = z.array(z.tuple([hash, count, count, count])).nullable()
/** Entries of hotkey, block, bytes, and the drand round that decrypts them. */
const timelockedOf = z.array(z.tuple([z.string(), count, hash, count]))

/** @throws ChainError `SubNetworkDoesNotExist` */
export async function readWeights(
  state: StateAt,
  { netuid, index }: MechanismOf,
  uid: number,
): Promise<[uid: number, value: number][]> {
  const [weights] = await state.readSubnet(netuid, wanted('weights', pairs, index, uid))
  return weights
}

/** @throws ChainError `SubNetworkDoesNotExist` */
export async function readCommits(
  state: StateAt,
  { netuid, index }: MechanismOf,
  hotkey: string,
): Promise<WeightsCommit[]> {
  const [[period, commits], schedule] = await Promise.all([
    state.readSubnet(
      netuid,
      wanted('revealPeriodEpochs', count, netuid),
      wanted('weightCommits', commitsOf, index, hotkey),
    ),
    readSchedule(state, netuid),
  ])
  const about = { period, head: state.block.number }
  const revealed = (commits ?? []).map((stored) => commitWindow(stored, schedule, about))
  const timelocked = await readTimelocked(state, { netuid, index }, hotkey, { schedule, period })
  return [...revealed, ...timelocked]
}

/** The commits of all epochs that the chain still keeps, including the next one. */
async function readTimelocked(
  state: StateAt,
  { netuid, index }: MechanismOf,
  hotkey: string,
  { schedule, period }: { schedule: Schedule; period: number },
): Promise<WeightsCommit[]> {
  if (!state.has('timelockedWeightCommits')) return []
  const { tempo } = schedule
  const now =
    schedule.kind === 'counted' ? schedule.index : epochByNumber(tempo, state.block.number, netuid)
  const first = Math.max(0, now - period)
  const epochs = Array.from({ length: now + 2 - first }, (_, i) => first + i)
  const about = { schedule, period, head: state.block.number, netuid }
  const [stored] = await state.readMany(
    wantedOf(
      'timelockedWeightCommits',
      timelockedOf,
      epochs.map((epoch) => [index, epoch]),
    ),
  )
  return stored.flatMap((commits, i) =>
    commits
      .filter(([who]) => who === hotkey)
      .map((commit) => timelockWindow(commit, epochs[i]!, about)),
  )
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

/** Runtimes since 2026 count epochs; before, block numbers determined them. */
export async function readSchedule(state: StateAt, netuid: number): Promise<Schedule> {
  if (!state.has('subnetEpochIndex')) {
    const [tempo] = await state.read(wanted('tempo', count, netuid))
    return { kind: 'by block number', tempo }
  }
  const [tempo, index, lastEpochBlock, pendingEpochAt] = await state.read(
    wanted('tempo', count, netuid),
    wanted('subnetEpochIndex', count, netuid),
    wanted('lastEpochBlock', count, netuid),
    wanted('pendingEpochAt', count, netuid),
  )
  return { kind: 'counted', tempo, index, lastEpochBlock, pendingEpochAt }
}
