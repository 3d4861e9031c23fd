import { isIP } from 'node:net'
import type { Call } from '../../chain/local/extrinsic.js'
import type { DispatchContext, Dispatched } from './dispatched.js'
import { type ChainState, uidOf, withNeuron } from './state.js'

type ServeAxon = Extract<Call, { name: 'serve_axon' }>

/** Exactly what Subtensor refuses: 127.0.0.2 and private addresses pass, as they do there. */
const LOOPBACK = new Set(['127.0.0.1', '::1'])
const INVALID = new Set(['255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'])

/** Subtensor's `do_serve_axon`: its checks in its order, by its names. */
export function serveAxon(
  state: ChainState,
  call: ServeAxon,
  { block, hotkey, allowLoopback }: DispatchContext,
): Dispatched {
  const subnet = state.subnets[call.netuid]
  if (subnet === undefined) return { error: 'SubNetworkDoesNotExist' }
  const uid = uidOf(subnet, hotkey)
  const neuron = subnet.neurons[uid]
  if (neuron === undefined) return { error: 'HotKeyNotRegisteredInNetwork' }
  if (isIP(call.ip) === 0) return { error: 'InvalidIpType' }
  if (INVALID.has(call.ip) || (LOOPBACK.has(call.ip) && !allowLoopback)) {
    return { error: 'InvalidIpAddress' }
  }
  const limit = subnet.params.servingRateLimit
  if (limit !== 0 && neuron.axonBlock !== 0 && block - neuron.axonBlock < limit) {
    return { error: 'ServingRateLimitExceeded' }
  }
  if (call.port === 0) return { error: 'InvalidPort' }
  const axon = { ip: call.ip, port: call.port }
  return { state: withNeuron(state, call.netuid, uid, { axon, axonBlock: block }) }
}
