import { createRequire } from 'node:module'
import type { ApiPromise as Api } from '@polkadot/api'
import type { ApiOptions } from '@polkadot/api/types'
import type { GenericChainProperties } from '@polkadot/types'
import { EXTENSIONS } from './signed-extensions.js'

// Loaded as CommonJS, for the reason given in base/crypto.ts.
const require = createRequire(import.meta.url)
const { ApiPromise }: typeof import('@polkadot/api') = require('@polkadot/api')
const { rpcDefinitions }: typeof import('@polkadot/types') = require('@polkadot/types')

type ProviderInterface = NonNullable<ApiOptions['provider']>

/** Sends one request to the API's node. */
export type Send = (method: string, params: unknown[]) => Promise<unknown>

/** The API prints every failing call unless the call's definition says not to. */
const SILENT_CALLS = Object.fromEntries(
  Object.entries(rpcDefinitions).map(([section, calls]) => [
    section,
    Object.fromEntries(
      Object.entries(calls).map(([name, call]) => [name, { ...call, noErrorLog: true }]),
    ),
  ]),
)

/** Polkadot's API on the runtime of the best block, once it has read the metadata. */
export async function startApi(send: Send): Promise<Api> {
  const api = new ApiPromise({
    provider: providerOf(send),
    rpc: SILENT_CALLS,
    signedExtensions: EXTENSIONS,
    noInitWarn: true,
    // Our signer has its own WASM.
    initWasm: false,
    // Values are read at many blocks, but each only once.
    rpcCacheCapacity: 1,
  })
  await api.isReadyOrError
  // Addresses here have prefix 42, whatever a node reports about its chain.
  const properties = api.createType('ChainProperties', { ss58Format: 42 })
  api.registry.setChainProperties(properties as unknown as GenericChainProperties)
  return api
}

/**
 * Provides an open connection, for requests only. Without subscriptions the API sends no pings, and does not
 * log runtime upgrades: it reads state at a block's hash with that block's runtime.
 */
function providerOf(send: Send): ProviderInterface {
  const nothing = async () => undefined
  const notOffered = () => {
    throw new Error('requests only')
  }
  return {
    hasSubscriptions: false,
    isClonable: false,
    isConnected: true,
    send: send as ProviderInterface['send'],
    connect: nothing,
    disconnect: nothing,
    on: () => () => undefined,
    clone: notOffered,
    subscribe: notOffered,
    unsubscribe: notOffered,
  }
}
