import { z } from 'zod'
import type { BlockRef, Inclusion } from '../../chain/chain.js'
import { ChainError } from '../../chain/errors.js'
import { adminCall } from '../../chain/local/admin-call.js'
import { address, u16 } from '../../chain/local/schemas.js'
import { aroundEpochEnd } from './epochs.js'
import type { Localnet } from './localnet.js'
import type { SubnetState } from './state.js'
import { timelockedOf, timelockPlan } from './timelock.js'

/** How long a call may wait for a block; the caller asks again. */
const WAIT_MS = 10_000

const digest = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.int().min(0)
const at = z.strictObject({ number: count, hash: digest }).optional()

export interface MethodContext {
  localnet: Localnet
  blockMs: number
  allowLoopback: boolean
  manual: boolean
  signal: AbortSignal
}

interface Method {
  run(params: unknown, context: MethodContext): unknown
}

function method<T>(
  schema: z.ZodType<T>,
  run: (params: T, context: MethodContext) => unknown,
): Method {
  return {
    run(params, context) {
      const parsed = schema.safeParse(params)
      if (!parsed.success) {
        throw new ChainError('bad_request', z.prettifyError(parsed.error).replaceAll('\n', ' '))
      }
      return run(parsed.data, context)
    },
  }
}

const nothing = z.strictObject({})

/** All that the server answers: `{ method, params }` with these names and these params only. */
export const METHODS: ReadonlyMap<string, Method> = new Map(
  Object.entries({
    info: method(nothing, (_, { localnet, blockMs, allowLoopback, manual }) => {
      return { genesisHash: localnet.genesisHash, blockMs, allowLoopback, manual }
    }),
    head: method(nothing, (_, { localnet }) => localnet.head),
    finalized: method(nothing, (_, { localnet }) => localnet.finalized),
    blockAt: method(z.strictObject({ number: count }), ({ number }, { localnet }) =>
      localnet.finalizedBlockAt(number),
    ),
    metagraph: method(z.strictObject({ netuid: u16, at }), ({ netuid, at }, { localnet }) => {
      const { neurons } = subnetAt(localnet, netuid, at)
      return {
        block: at ?? localnet.head,
        neurons: neurons.map((neuron, uid) => ({
          uid,
          hotkey: neuron.hotkey,
          coldkey: neuron.coldkey,
          axon: neuron.axon,
          stakeRao: neuron.stakeRao,
          validatorPermit: neuron.permit,
          lastUpdate: neuron.lastUpdate,
          registeredBlock: neuron.registeredBlock,
        })),
      }
    }),
    subnetParams: method(z.strictObject({ netuid: u16, at }), ({ netuid, at }, { localnet }) => {
      return subnetAt(localnet, netuid, at).params
    }),
    weights: method(
      z.strictObject({ netuid: u16, uid: u16, at }),
      ({ netuid, uid, at }, { localnet }) =>
        subnetAt(localnet, netuid, at).neurons[uid]?.weights ?? [],
    ),
    commits: method(
      z.strictObject({ netuid: u16, hotkey: address, at }),
      ({ netuid, hotkey, at }, { localnet }) => {
        const subnet = subnetAt(localnet, netuid, at)
        const commits = subnet.commits[hotkey] ?? []
        return [
          ...commits.map((commit) => ({ ...commit, timelocked: false })),
          ...timelockedOf(netuid, subnet, hotkey),
        ]
      },
    ),
    epoch: method(z.strictObject({ netuid: u16, at }), ({ netuid, at }, { localnet }) => {
      const { tempo } = subnetAt(localnet, netuid, at).params
      return { tempo, ...aroundEpochEnd(netuid, tempo, (at ?? localnet.head).number) }
    }),
    timelock: method(z.strictObject({ netuid: u16 }), ({ netuid }, { localnet }) =>
      timelockPlan(netuid, subnetAt(localnet, netuid, undefined), localnet.head.number),
    ),
    nonce: method(z.strictObject({ account: address }), ({ account }, { localnet }) =>
      localnet.nextNonce(account),
    ),
    submit: method(z.strictObject({ bytes: z.string().regex(/^[0-9a-f]+$/) }), submit),
    inclusion: method(
      z.strictObject({ hash: digest, from: count, to: count }),
      ({ hash, from, to }, { localnet }) => localnet.finalizedInclusion(hash, from, to),
    ),
    waitInclusion: method(z.strictObject({ hash: digest }), ({ hash }, context) =>
      waitInclusion(hash, context),
    ),
    admin: method(adminCall, (call, { localnet }) => {
      localnet.admin(call)
      return null
    }),
    newBlocks: method(
      z.strictObject({ count: z.int().min(1).max(10_000) }),
      ({ count }, { localnet, manual }) => {
        if (!manual) throw new ChainError('bad_request', 'this chain makes its blocks by a clock')
        return localnet.newBlocks(count)
      },
    ),
  } satisfies Record<string, Method>),
)

function subnetAt(localnet: Localnet, netuid: number, at: BlockRef | undefined): SubnetState {
  const subnet = localnet.stateAt(at).subnets[netuid]
  if (subnet === undefined) {
    throw new ChainError('SubNetworkDoesNotExist', `this chain has no subnet ${netuid}`)
  }
  return subnet
}

function submit({ bytes }: { bytes: string }, { localnet }: MethodContext): null {
  localnet.submit(bytes)
  return null
}

/** Null when no block had it in time, or the server closes. */
function waitInclusion(
  hash: string,
  { localnet, signal }: MethodContext,
): Promise<Inclusion | null> {
  return new Promise((resolve) => {
    const done = (inclusion: Inclusion | null) => {
      clearTimeout(timer)
      stopListening()
      signal.removeEventListener('abort', giveUp)
      resolve(inclusion)
    }
    const giveUp = () => done(null)
    const look = () => {
      const found = localnet.latestInclusion(hash)
      if (found !== null) done(found)
    }
    const timer = setTimeout(giveUp, WAIT_MS)
    const stopListening = localnet.onBlock(look)
    signal.addEventListener('abort', giveUp)
    if (signal.aborted) giveUp()
    else look()
  })
}
