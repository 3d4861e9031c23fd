import { z } from 'zod'
import {
  address,
  count,
  type LocalParams,
  localParams,
  rao,
  u16,
} from '../../chain/local/schemas.js'

/**
 * The local chain's state at a block. Never changed in place: a change makes a new object and shares
 * what did not change, so thousands of versions are cheap, and which neurons changed is a
 * comparison of references.
 */

const neuronState = z.strictObject({
  hotkey: address,
  coldkey: address,
  axon: z.strictObject({ ip: z.string(), port: u16 }).nullable(),
  /** Block of the last serve_axon; 0 for never. */
  axonBlock: count,
  stakeRao: rao,
  permit: z.boolean(),
  /** Set by the admin; null: by stake. */
  forcedPermit: z.boolean().nullable(),
  lastUpdate: count,
  registeredBlock: count,
  weights: z.array(z.tuple([u16, u16])),
})

export const netuidKey = z.string().regex(/^(0|[1-9][0-9]{0,4})$/)
/** Oldest first. */
const commitsOf = z.array(
  z.strictObject({ hash: z.string(), block: count, revealFirst: count, revealLast: count }),
)
/** Oldest first, of all hotkeys: their bytes, and the round that opens them. */
const timelocked = z.array(
  z.strictObject({ hotkey: address, block: count, commit: z.string(), round: count }),
)
/** By hotkey, as on Subtensor: a commit outlives its neuron. */
const commits = z.record(address, commitsOf)
/** A chain that was started before there was commit-reveal, an owner or a beacon has none in its file. */
const storedParams = localParams.extend({
  revealPeriodEpochs: localParams.shape.revealPeriodEpochs.default(1),
  ownerHotkey: localParams.shape.ownerHotkey.default(null),
  timelocked: localParams.shape.timelocked.default(false),
  roundLag: localParams.shape.roundLag.default(0),
})
export interface SubnetState {
  params: LocalParams
  neurons: NeuronState[]
  commits: Commits
  timelocked: TimelockedCommit[]
}
export const stateDelta = z.strictObject({
  nonces: z.record(address, count),
  subnets: z.record(
    netuidKey,
    z.strictObject({
      params: storedParams.optional(),
      neurons: z.array(z.tuple([u16, neuronState])),
      commits: commits.optional(),
      timelocked: timelocked.optional(),
    }),
  ),
})

export type NeuronState = z.infer<typeof neuronState>
export type Commits = z.infer<typeof commits>
export type TimelockedCommit = z.infer<typeof timelocked>[number]
export type StateDelta = z.infer<typeof stateDelta>
export interface ChainState {
  /** By account: the next nonce. */
  nonces: Record<string, number>
  subnets: Record<string, SubnetState>
}

export const EMPTY_STATE: ChainState = { nonces: {}, subnets: {} }

/** Subtensor's defaults, as read from a subnet of spec 218; stake thresholds are 0 there too. */
export const DEFAULT_PARAMS: LocalParams = {
  tempo: 100,
  weightsRateLimit: 100,
  weightsVersionKey: 0,
  minAllowedWeights: 0,
  maxWeightLimit: 65535,
  commitReveal: false,
  timelocked: false,
  roundLag: 0,
  revealPeriodEpochs: 1,
  immunityPeriod: 4096,
  maxUids: 256,
  maxValidators: 64,
  minStakeRao: '0',
  servingRateLimit: 50,
  ownerHotkey: null,
}

export function withSubnet(state: ChainState, netuid: number, subnet: SubnetState): ChainState {
  return { ...state, subnets: { ...state.subnets, [netuid]: withPermits(subnet) } }
}

export function withNeuron(
  state: ChainState,
  netuid: number,
  uid: number,
  change: Partial<NeuronState>,
): ChainState {
  const subnet = state.subnets[netuid]!
  const neurons = subnet.neurons.with(uid, { ...subnet.neurons[uid]!, ...change })
  return withSubnet(state, netuid, { ...subnet, neurons })
}

/** A neuron's uid by its hotkey, or -1. */
export function uidOf(subnet: SubnetState, hotkey: string): number {
  return subnet.neurons.findIndex((neuron) => neuron.hotkey === hotkey)
}

/** Permits go to the `maxValidators` largest stakes above 0, lower uid first, unless forced. */
function withPermits(subnet: SubnetState): SubnetState {
  const ranked = subnet.neurons
    .map((neuron, uid) => ({ uid, stake: BigInt(neuron.stakeRao) }))
    .filter(({ stake }) => stake > 0n)
    .sort((a, b) => (a.stake === b.stake ? a.uid - b.uid : a.stake > b.stake ? -1 : 1))
  const top = new Set(ranked.slice(0, subnet.params.maxValidators).map(({ uid }) => uid))
  const neurons = subnet.neurons.map((neuron, uid) => {
    const permit = neuron.forcedPermit ?? top.has(uid)
    return permit === neuron.permit ? neuron : { ...neuron, permit }
  })
  return { ...subnet, neurons }
}

/** What changed between two states, one of which was made from the other. */
export function diffStates(before: ChainState, after: ChainState): StateDelta {
  const delta: StateDelta = { nonces: {}, subnets: {} }
  for (const [account, nonce] of Object.entries(after.nonces)) {
    if (before.nonces[account] !== nonce) delta.nonces[account] = nonce
  }
  for (const [netuid, subnet] of Object.entries(after.subnets)) {
    const old = before.subnets[netuid]
    if (old === subnet) continue
    const neurons = subnet.neurons.flatMap((neuron, uid): [number, NeuronState][] =>
      old?.neurons[uid] === neuron ? [] : [[uid, neuron]],
    )
    const params = old?.params === subnet.params ? {} : { params: subnet.params }
    const commits = old?.commits === subnet.commits ? {} : { commits: subnet.commits }
    const timelocked =
      old?.timelocked === subnet.timelocked ? {} : { timelocked: subnet.timelocked }
    delta.subnets[netuid] = { ...params, neurons, ...commits, ...timelocked }
  }
  return delta
}

/** The reverse of diffStates. */
export function applyDelta(before: ChainState, delta: StateDelta): ChainState {
  const subnets = { ...before.subnets }
  for (const [netuid, change] of Object.entries(delta.subnets)) {
    const old = subnets[netuid]
    const neurons = [...(old?.neurons ?? [])]
    for (const [uid, neuron] of change.neurons) neurons[uid] = neuron
    subnets[netuid] = {
      params: change.params ?? old?.params ?? DEFAULT_PARAMS,
      neurons,
      commits: change.commits ?? old?.commits ?? {},
      timelocked: change.timelocked ?? old?.timelocked ?? [],
    }
  }
  return { nonces: { ...before.nonces, ...delta.nonces }, subnets }
}
