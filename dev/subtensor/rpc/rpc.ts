import type { DevChain } from '../chain.js'
import { authorMethods } from './author.js'
import { chainMethods } from './chain.js'
import { RpcError } from './error.js'
import type { Methods } from './method.js'
import { stateMethods } from './state.js'
import type { Subscriptions } from './subscriptions.js'

const METHOD_NOT_FOUND = -32601

/** A node's JSON-RPC, as far as clients of Subtensor use it. Nothing here makes blocks. */
export function rpcMethods(chain: DevChain): Methods {
  const methods: Methods = {
    ...chainMethods(chain),
    ...stateMethods(chain),
    ...authorMethods(chain),
    rpc_methods: () => ({ methods: Object.keys(methods).sort() }),
  }
  return methods
}

/** @throws RpcError */
export async function callMethod(
  methods: Methods,
  name: string,
  params: readonly unknown[],
  subscriptions: Subscriptions,
): Promise<unknown> {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined
  if (method === undefined) throw new RpcError(METHOD_NOT_FOUND, 'Method not found')
  return (await method(params, subscriptions)) ?? null
}
