import type { Call } from '../../chain/local/extrinsic.js'
import type { DispatchContext, Dispatched } from './dispatched.js'
import { epochIndex, revealWindow } from './epochs.js'
import { isTooFast } from './set-weights.js'
import { type ChainState, type SubnetState, uidOf, withNeuron, withSubnet } from './state.js'

type CommitWeights = Extract<Call, { name: 'commit_weights' }>

const MAX_UNREVEALED = 10

/** Subtensor's `do_commit_weights`: its checks in its order, by its names. */
export function commitWeights(
  state: ChainState,
  call: CommitWeights,
  { block, hotkey }: DispatchContext,
): Dispatched {
  const { netuid } = call
  const subnet = state.subnets[netuid]
  // A subnet that is not there has no commit-reveal either.
  if (!subnet?.params.commitReveal) return { error: 'CommitRevealDisabled' }
  const uid = uidOf(subnet, hotkey)
  if (uid < 0) return { error: 'HotKeyNotRegisteredInSubNet' }
  if (isTooFast(subnet, uid, block)) return { error: 'CommittingWeightsTooFast' }
  const { waiting } = splitExpired(netuid, subnet, hotkey, block)
  if (waiting.length >= MAX_UNREVEALED) return { error: 'TooManyUnrevealedCommits' }
  const window = revealWindow(netuid, subnet.params, block)
  const commits = {
    ...subnet.commits,
    [hotkey]: [...waiting, { hash: call.commit_hash, block, ...window }],
  }
  const committed = withSubnet(state, netuid, { ...subnet, commits })
  return { state: withNeuron(committed, netuid, uid, { lastUpdate: block }) }
}

/** The hotkey's commits, apart from the oldest that have expired: those a block forgets. */
export function splitExpired(netuid: number, subnet: SubnetState, hotkey: string, block: number) {
  const { tempo, revealPeriodEpochs } = subnet.params
  const commits = subnet.commits[hotkey] ?? []
  // By the epochs of today's tempo, not by the window that was stored: Subtensor does so.
  const now = epochIndex(netuid, tempo, block)
  const live = commits.findIndex(
    (commit) => now <= epochIndex(netuid, tempo, commit.block) + revealPeriodEpochs,
  )
  const at = live < 0 ? commits.length : live
  return { expired: commits.slice(0, at), waiting: commits.slice(at) }
}
