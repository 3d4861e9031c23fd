import { z } from 'zod'
import type { Block, DevChain } from '../chain.js'
import { headerJson } from '../header.js'
import type { Method, Methods } from './method.js'
import { blockOf, parse } from './params.js'
import { soon } from './subscriptions.js'

const blockNumber = z.union([
  z.int().min(0),
  z
    .string()
    .regex(/^0x[0-9a-fA-F]+$/)
    .transform(Number),
])
const blockNumbers = z.union([blockNumber, z.array(blockNumber)]).nullish()

/** `chain_…` and `system_…`. */
export function chainMethods(chain: DevChain): Methods {
  const heads =
    (name: string, headOf: () => Block): Method =>
    (_, subscriptions) =>
      subscriptions.open(name, (notify) => {
        let last: Block | null = null
        const tell = () => {
          const block = headOf()
          if (block !== last) notify(headerJson(block.header))
          last = block
        }
        soon(tell)
        return chain.onBlock(tell)
      })
  const newHeads = heads('chain_newHead', () => chain.head)
  const unsubscribe: Method = ([id], subscriptions) => subscriptions.close(id)
  return {
    chain_getBlockHash: (params) => {
      const wanted = parse(blockNumbers, params, 0)
      const hashAt = (number: number) => chain.blockAt(number)?.hash ?? null
      if (Array.isArray(wanted)) return wanted.map(hashAt)
      return wanted === undefined || wanted === null ? chain.head.hash : hashAt(wanted)
    },
    chain_getHeader: (params) => {
      const block = blockOf(chain, params, 0)
      return block && headerJson(block.header)
    },
    chain_getBlock: (params) => {
      const block = blockOf(chain, params, 0)
      if (block === undefined) return null
      const { header, extrinsics } = block
      return { block: { header: headerJson(header), extrinsics }, justifications: null }
    },
    chain_getFinalizedHead: () => chain.finalized.hash,
    chain_subscribeNewHeads: newHeads,
    chain_unsubscribeNewHeads: unsubscribe,
    chain_subscribeAllHeads: heads('chain_allHead', () => chain.head),
    chain_unsubscribeAllHeads: unsubscribe,
    chain_subscribeFinalizedHeads: heads('chain_finalizedHead', () => chain.finalized),
    chain_unsubscribeFinalizedHeads: unsubscribe,
    system_chain: () => 'Bittensor',
    system_name: () => 'Fractal devnet (Subtensor by chopsticks)',
    system_version: () => '1.1.0',
    system_chainType: () => 'Development',
    system_properties: () => ({
      ss58Format: 42,
      tokenDecimals: 9,
      tokenSymbol: 'TAO',
      // The runtime counts a slot as 3 s, however often blocks come.
      ...(chain.saidBlockMs === null ? {} : { blockMs: chain.saidBlockMs }),
    }),
    system_health: () => ({ peers: 0, isSyncing: false, shouldHavePeers: false }),
    system_nodeRoles: () => ['Authority'],
    system_localListenAddresses: () => [],
  }
}
