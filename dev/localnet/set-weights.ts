import type { Call } from '../../chain/local/extrinsic.js'
import { maxUpscale, withinMaxShare } from '../../chain/max-upscale.js'
import type { DispatchContext, Dispatched } from './dispatched.js'
import { type ChainState, type SubnetState, uidOf, withNeuron } from './state.js'

type SetWeights = Extract<Call, { name: 'set_weights' }>

/** The block refuses these under commit-reveal before it looks at anything else. */
export function setWeights(
  state: ChainState,
  call: SetWeights,
  context: DispatchContext,
): Dispatched {
  if (state.subnets[call.netuid]?.params.commitReveal) return { error: 'CommitRevealEnabled' }
  return storeWeights(state, call, context)
}

/**
 * Subtensor's `do_set_weights`, for weights in the open and revealed ones: its checks in its order,
 * by its names. A weight for oneself alone needs neither permit nor the minimum length; the subnet's
 * owner needs no permit and no stake. Under
 * commit-reveal the commit was rate limited and set `lastUpdate`; the reveal does neither.
 */
export function storeWeights(
  state: ChainState,
  call: Pick<SetWeights, 'netuid' | 'uids' | 'values' | 'version_key'>,
  { block, hotkey }: DispatchContext,
): Dispatched {
  const subnet = state.subnets[call.netuid]
  if (call.uids.length !== call.values.length) return { error: 'WeightVecNotEqualSize' }
  if (subnet === undefined) return { error: 'SubNetworkDoesNotExist' }
  const { params, neurons } = subnet
  if (call.uids.length > neurons.length) return { error: 'UidsLengthExceedUidsInSubNet' }
  const uid = uidOf(subnet, hotkey)
  const neuron = neurons[uid]
  if (neuron === undefined) return { error: 'HotKeyNotRegisteredInSubNet' }
  if (!hasMinStake(subnet, hotkey)) return { error: 'NotEnoughStakeToSetWeights' }
  if (params.weightsVersionKey !== 0 && call.version_key < params.weightsVersionKey) {
    return { error: 'IncorrectWeightVersionKey' }
  }
  if (!params.commitReveal && isTooFast(subnet, uid, block)) {
    return { error: 'SettingWeightsTooFast' }
  }
  const selfOnly = call.uids.length === 1 && call.uids[0] === uid
  if (!selfOnly && !neuron.permit && params.ownerHotkey !== hotkey)
    return { error: 'NeuronNoValidatorPermit' }
  if (new Set(call.uids).size !== call.uids.length) return { error: 'DuplicateUids' }
  if (call.uids.some((target) => target >= neurons.length)) {
    return { error: 'UidVecContainInvalidOne' }
  }
  const least = Math.min(params.minAllowedWeights, neurons.length)
  if (!selfOnly && call.uids.length < least) return { error: 'WeightVecLengthIsLow' }
  const upscaled = maxUpscale(call.values)
  if (!selfOnly && !withinMaxShare(upscaled, params.maxWeightLimit)) {
    return { error: 'MaxWeightExceeded' }
  }
  const weights = call.uids.map((target, i): [number, number] => [target, upscaled[i]!])
  const update = params.commitReveal ? {} : { lastUpdate: block }
  return { state: withNeuron(state, call.netuid, uid, { weights, ...update }) }
}

/** Whether the rate limit since weights, commit or registration forbids this block. */
export function isTooFast({ params, neurons }: SubnetState, uid: number, block: number): boolean {
  const { lastUpdate } = neurons[uid]!
  return lastUpdate !== 0 && block - lastUpdate < params.weightsRateLimit
}

/** The pool asks this too, so that most such extrinsics never reach a block. */
export function hasMinStake(subnet: SubnetState, hotkey: string): boolean {
  if (subnet.params.ownerHotkey === hotkey) return true
  const stake = subnet.neurons[uidOf(subnet, hotkey)]?.stakeRao ?? '0'
  return BigInt(stake) >= BigInt(subnet.params.minStakeRao)
}
