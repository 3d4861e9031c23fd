import type { z } from 'zod'
import type { adminCall } from '../../chain/local/admin-call.js'
import type { Dispatched } from './dispatched.js'
import {
  type ChainState,
  DEFAULT_PARAMS,
  type NeuronState,
  type SubnetState,
  uidOf,
  withNeuron,
  withSubnet,
} from './state.js'

export function applyAdmin(
  state: ChainState,
  call: z.output<typeof adminCall>,
  block: number,
): Dispatched {
  const subnet = state.subnets[call.netuid]
  if (call.name === 'createSubnet') {
    if (subnet !== undefined) return { error: 'SubnetAlreadyExists' }
    const params = { ...DEFAULT_PARAMS, ...call.params }
    return {
      state: withSubnet(state, call.netuid, { params, neurons: [], commits: {}, timelocked: [] }),
    }
  }
  if (subnet === undefined) return { error: 'SubNetworkDoesNotExist' }
  if (call.name === 'setParams') {
    const params = { ...subnet.params, ...call.params }
    return { state: withSubnet(state, call.netuid, { ...subnet, params }) }
  }
  const uid = uidOf(subnet, call.hotkey)
  if (call.name === 'register') {
    if (uid >= 0) return { error: 'HotKeyAlreadyRegisteredInSubNet' }
    return { state: withSubnet(state, call.netuid, register(subnet, call, block)) }
  }
  if (uid < 0) return { error: 'HotKeyNotRegisteredInSubNet' }
  const change =
    call.name === 'setStake' ? { stakeRao: call.stakeRao } : { forcedPermit: call.permit }
  return { state: withNeuron(state, call.netuid, uid, change) }
}

function register(
  subnet: SubnetState,
  { hotkey, coldkey }: { hotkey: string; coldkey: string },
  block: number,
): SubnetState {
  const neuron: NeuronState = {
    hotkey,
    coldkey,
    axon: null,
    axonBlock: 0,
    stakeRao: '0',
    permit: false,
    forcedPermit: null,
    lastUpdate: block,
    registeredBlock: block,
    weights: [],
  }
  const { neurons, params } = subnet
  if (neurons.length < params.maxUids) return { ...subnet, neurons: [...neurons, neuron] }
  return { ...subnet, neurons: neurons.with(uidToPrune(subnet, block), neuron) }
}

/**
 * Who makes room on a full subnet: outside immunity first, then (there being no emission here to
 * make a pruning score of) the least stake, the earliest registration, the lowest uid. All immune:
 * the same among all, as Subtensor does.
 */
function uidToPrune({ neurons, params }: SubnetState, block: number): number {
  const order = neurons
    .map((neuron, uid) => ({
      uid,
      immune: block - neuron.registeredBlock < params.immunityPeriod,
      stake: BigInt(neuron.stakeRao),
      registeredBlock: neuron.registeredBlock,
    }))
    .sort((a, b) => {
      if (a.immune !== b.immune) return a.immune ? 1 : -1
      if (a.stake !== b.stake) return a.stake < b.stake ? -1 : 1
      return a.registeredBlock - b.registeredBlock || a.uid - b.uid
    })
  return order[0]!.uid
}
