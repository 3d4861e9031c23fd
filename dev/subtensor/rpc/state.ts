import type { RuntimeVersion } from '@acala-network/chopsticks-core'
import { z } from 'zod'
import type { DevChain } from '../chain.js'
import { RuntimeTrap } from '../executor.js'
import { bare, littleEndian, ScaleReader } from '../scale.js'
import type { StorageHex } from '../storage.js'
import { RpcError } from './error.js'
import type { Method, Methods } from './method.js'
import { hex, parse, stateOf } from './params.js'
import { soon } from './subscriptions.js'

const EXECUTION_FAILED = 4003
/** What a node allows. */
const MOST_KEYS = 1000

/** `state_…` and `payment_…`. */
export function stateMethods(chain: DevChain): Methods {
  const metadata = once(async () => {
    const state = chain.stateAt(chain.head)!
    const { result } = await chain.executor.run([['Metadata_metadata', '0x']], state)
    return `0x${new ScaleReader(result).sized()}`
  })
  const version = once(async () => versionJson(await chain.executor.version()))

  const call = async (
    name: string,
    argument: StorageHex,
    params: readonly unknown[],
    at: number,
  ) => {
    const { state } = stateOf(chain, params, at)
    try {
      return (await chain.executor.run([[name, argument]], state)).result
    } catch (error) {
      if (!(error instanceof RuntimeTrap)) throw error
      const message = `Client error: Execution failed: ${error.message}`
      throw new RpcError(EXECUTION_FAILED, message)
    }
  }
  // The runtime never changes here, and whoever connects asks for its metadata.
  const metadataCalls = new Map<string, ReturnType<typeof call>>()
  const callOnce: typeof call = (name, argument, params, at) => {
    stateOf(chain, params, at)
    const made = metadataCalls.get(name + argument) ?? call(name, argument, params, at)
    metadataCalls.set(name + argument, made)
    return made
  }
  const ofExtrinsic =
    (name: string): Method =>
    (params) => {
      const extrinsic = bare(parse(hex, params, 0))
      return call(name, `0x${extrinsic}${littleEndian(extrinsic.length / 2, 4)}`, params, 1)
    }
  const getStorage: Method = (params) => stateOf(chain, params, 1).state.get(parse(hex, params, 0))
  const unsubscribe: Method = ([id], subscriptions) => subscriptions.close(id)

  return {
    state_getMetadata: metadata,
    state_getRuntimeVersion: version,
    state_getStorage: getStorage,
    state_getStorageAt: getStorage,
    state_getStorageSize: (params) => {
      const value = stateOf(chain, params, 1).state.get(parse(hex, params, 0))
      return value && bare(value).length / 2
    },
    state_getKeysPaged: (params) => {
      const prefix = parse(hex.nullish(), params, 0) ?? '0x'
      const count = parse(z.int().min(0).max(MOST_KEYS), params, 1)
      const after = parse(hex.nullish(), params, 2) ?? null
      return stateOf(chain, params, 3).state.keys(prefix, after, count)
    },
    state_queryStorageAt: (params) => {
      const keys = parse(z.array(hex), params, 0)
      const { block, state } = stateOf(chain, params, 1)
      return [{ block: block.hash, changes: keys.map((key) => [key, state.get(key) ?? null]) }]
    },
    state_call: (params) => {
      const name = parse(z.string(), params, 0)
      const run = name.startsWith('Metadata_') ? callOnce : call
      return run(name, parse(hex, params, 1), params, 2)
    },
    state_subscribeRuntimeVersion: (_, subscriptions) =>
      subscriptions.open('state_runtimeVersion', (notify) => {
        // It never changes here, so it is said once.
        soon(() => void version().then(notify))
        return () => undefined
      }),
    state_unsubscribeRuntimeVersion: unsubscribe,
    state_subscribeStorage: (params, subscriptions) => {
      const keys = parse(z.array(hex), params, 0)
      return subscriptions.open('state_storage', (notify) => {
        const told = new Map<StorageHex, StorageHex | null>()
        const tell = () => {
          const state = chain.stateAt(chain.head)!
          const values = keys.map((key) => [key, state.get(key) ?? null] as const)
          const changes = values.filter(([key, value]) => told.get(key) !== value)
          for (const [key, value] of changes) told.set(key, value)
          if (changes.length > 0) notify({ block: chain.head.hash, changes })
        }
        soon(tell)
        return chain.onBlock(tell)
      })
    },
    state_unsubscribeStorage: unsubscribe,
    payment_queryInfo: ofExtrinsic('TransactionPaymentApi_query_info'),
    payment_queryFeeDetails: ofExtrinsic('TransactionPaymentApi_query_fee_details'),
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => {
    made ??= make()
    return made
  }
}

function versionJson(version: RuntimeVersion) {
  return { ...version, systemVersion: version.stateVersion }
}
