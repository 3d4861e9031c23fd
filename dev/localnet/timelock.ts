import type { WeightsCommit } from '../../chain/chain.js'
import type { Call } from '../../chain/local/extrinsic.js'
import { decryptWithSignature } from '../../chain/timelock/decrypt.js'
import { decodePayload, timelockHash } from '../../chain/timelock/payload.js'
import { fromHex } from '../../formats/bytes.js'
import { beaconKey, signRound } from './beacon.js'
import type { DispatchContext, Dispatched } from './dispatched.js'
import { epochIndex, revealWindow } from './epochs.js'
import { isTooFast, storeWeights } from './set-weights.js'
import {
  type ChainState,
  type SubnetState,
  type TimelockedCommit,
  uidOf,
  withNeuron,
  withSubnet,
} from './state.js'

type CommitTimelocked = Extract<Call, { name: 'commit_timelocked_weights' }>

/** As Subtensor's default. */
const VERSION = 4
/** Of each hotkey, of each epoch. */
const MAX_UNREVEALED = 10

/** What the next block's commits have to be encrypted to. One block later than need be, as drand would be. */
export function timelockPlan(netuid: number, { params }: SubnetState, head: number) {
  const { revealFirst } = revealWindow(netuid, params, head + 1)
  return { publicKey: beaconKey(), round: revealFirst + 1, version: VERSION }
}

/** Subtensor's `do_commit_timelocked_weights`: its checks in its order, by its names. */
export function commitTimelocked(
  state: ChainState,
  call: CommitTimelocked,
  { block, hotkey }: DispatchContext,
): Dispatched {
  const { netuid, commit, reveal_round: round } = call
  const subnet = state.subnets[netuid]
  if (!subnet?.params.commitReveal) return { error: 'CommitRevealDisabled' }
  if (call.commit_reveal_version !== VERSION) return { error: 'IncorrectCommitRevealVersion' }
  const uid = uidOf(subnet, hotkey)
  if (uid < 0) return { error: 'HotKeyNotRegisteredInSubNet' }
  if (isTooFast(subnet, uid, block)) return { error: 'CommittingWeightsTooFast' }
  const { tempo } = subnet.params
  const epoch = epochIndex(netuid, tempo, block)
  const own = subnet.timelocked.filter(
    (other) => other.hotkey === hotkey && epochIndex(netuid, tempo, other.block) === epoch,
  )
  if (own.length >= MAX_UNREVEALED) return { error: 'TooManyUnrevealedCommits' }
  const timelocked = [...subnet.timelocked, { hotkey, block, commit, round }]
  const committed = withSubnet(state, netuid, { ...subnet, timelocked })
  return { state: withNeuron(committed, netuid, uid, { lastUpdate: block }) }
}

/** A hotkey's timelocked commits that were not revealed. */
export function timelockedOf(netuid: number, subnet: SubnetState, hotkey: string): WeightsCommit[] {
  return subnet.timelocked
    .filter((commit) => commit.hotkey === hotkey)
    .map(({ block, commit }) => ({
      hash: timelockHash(fromHex(commit)),
      block,
      // By the epochs of today's tempo.
      ...revealWindow(netuid, subnet.params, block),
      timelocked: true,
    }))
}

/**
 * Subtensor's `reveal_crv3_commits`, before a block's extrinsics: shows what is due and can be opened,
 * and forgets it whatever comes of it; keeps what waits for its epoch or its round; forgets the rest.
 */
export function revealDue(state: ChainState, block: number): ChainState {
  return Object.entries(state.subnets)
    .filter(([, subnet]) => subnet.timelocked.length > 0)
    .reduce((before, [netuid, subnet]) => revealOf(before, Number(netuid), subnet, block), state)
}

function revealOf(
  state: ChainState,
  netuid: number,
  subnet: SubnetState,
  block: number,
): ChainState {
  const { roundLag, tempo } = subnet.params
  const now = epochIndex(netuid, tempo, block)
  const kept: TimelockedCommit[] = []
  const due: TimelockedCommit[] = []
  for (const commit of subnet.timelocked) {
    const epoch = epochIndex(netuid, tempo, commit.block) + subnet.params.revealPeriodEpochs
    const isOut = commit.round + roundLag <= block
    if (now === epoch && isOut) due.push(commit)
    else if (now <= epoch) kept.push(commit)
  }
  if (kept.length === subnet.timelocked.length) return state
  const without = withSubnet(state, netuid, { ...subnet, timelocked: kept })
  return due.reduce((before, commit) => show(before, netuid, commit, block), without)
}

function show(
  state: ChainState,
  netuid: number,
  { hotkey, commit, round }: TimelockedCommit,
  block: number,
): ChainState {
  const weights = opened(commit, round)
  if (weights?.hotkey !== hotkey) return state
  const { uids, values, versionKey } = weights
  const call = { netuid, uids: [...uids], values: [...values], version_key: versionKey }
  const done = storeWeights(state, call, { block, hotkey, allowLoopback: false })
  return 'state' in done ? done.state : state
}

/** Null for what can't be opened: the chain says nothing of it. */
function opened(commit: string, round: number) {
  try {
    return decodePayload(decryptWithSignature(fromHex(commit), signRound(round)))
  } catch {
    return null
  }
}
