import { commitHash } from '../../chain/commit-hash.js'
import type { Call } from '../../chain/local/extrinsic.js'
import { splitExpired } from './commit-weights.js'
import type { DispatchContext, Dispatched } from './dispatched.js'
import { epochIndex } from './epochs.js'
import { storeWeights } from './set-weights.js'
import { type ChainState, withSubnet } from './state.js'

type RevealWeights = Extract<Call, { name: 'reveal_weights' }>

/**
 * Subtensor's `do_reveal_weights`: its checks in its order, by its names. A reveal also drops the
 * commits older than its own. One that fails changes nothing: its commit can be revealed again.
 */
export function revealWeights(
  state: ChainState,
  call: RevealWeights,
  context: DispatchContext,
): Dispatched {
  const { netuid, uids, values, salt } = call
  const { block, hotkey } = context
  const subnet = state.subnets[netuid]
  if (!subnet?.params.commitReveal) return { error: 'CommitRevealDisabled' }
  if (subnet.commits[hotkey] === undefined) return { error: 'NoWeightsCommitFound' }
  const { expired, waiting } = splitExpired(netuid, subnet, hotkey, block)
  const hash = commitHash({ hotkey, netuid, uids, values, salt, versionKey: call.version_key })
  const at = waiting.findIndex((commit) => commit.hash === hash)
  const found = waiting[at]
  if (found === undefined) {
    if (expired.some((commit) => commit.hash === hash)) return { error: 'ExpiredWeightCommit' }
    const none = waiting.length === 0
    return { error: none ? 'NoWeightsCommitFound' : 'InvalidRevealCommitHashNotMatch' }
  }
  const { tempo, revealPeriodEpochs } = subnet.params
  const revealed = epochIndex(netuid, tempo, found.block) + revealPeriodEpochs
  if (epochIndex(netuid, tempo, block) !== revealed) return { error: 'RevealTooEarly' }
  const { [hotkey]: _, ...others } = subnet.commits
  const left = waiting.slice(at + 1)
  const commits = left.length === 0 ? others : { ...others, [hotkey]: left }
  return storeWeights(withSubnet(state, netuid, { ...subnet, commits }), call, context)
}
