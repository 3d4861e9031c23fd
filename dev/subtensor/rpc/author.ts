import { createRequire } from 'node:module'
import { z } from 'zod'
import { blake2Hex } from '../blake2.js'
import type { DevChain } from '../chain.js'
import { littleEndian, ScaleReader } from '../scale.js'
import type { StorageHex } from '../storage.js'
import { RpcError } from './error.js'
import type { Methods } from './method.js'
import { hex, parse } from './params.js'
import { soon } from './subscriptions.js'

// In its CommonJS form for the reason in base/crypto.ts.
const { decodeAddress }: typeof import('@polkadot/util-crypto') = createRequire(import.meta.url)(
  '@polkadot/util-crypto',
)

const INVALID_PARAMS = -32602

/** `author_…`, and what goes with sending. */
export function authorMethods(chain: DevChain): Methods {
  return {
    author_submitExtrinsic: (params) => chain.pool.submit(parse(hex, params, 0)),
    author_pendingExtrinsics: () => chain.pool.ready(),
    author_submitAndWatchExtrinsic: async (params, subscriptions) => {
      const extrinsic = parse(hex, params, 0)
      const hash = await chain.pool.submit(extrinsic)
      return subscriptions.open('author_extrinsicUpdate', (notify) => {
        soon(() => notify(chain.pool.isReady(hash) ? 'ready' : 'future'))
        const unwatch = chain.pool.watch(hash, notify)
        const stop = watchInclusion(chain, hash, notify)
        return () => {
          unwatch()
          stop()
        }
      })
    },
    author_unwatchExtrinsic: ([id], subscriptions) => subscriptions.close(id),
    system_accountNextIndex: async (params) => {
      const account = accountId(parse(z.string(), params, 0))
      const state = chain.stateAt(chain.head)!
      const { result } = await chain.executor.run(
        [['AccountNonceApi_account_nonce', `0x${account}`]],
        state,
      )
      let nonce = Number(new ScaleReader(result).int(4))
      while (chain.pool.provides(account + littleEndian(nonce, 4))) nonce += 1
      return nonce
    },
  }
}

function watchInclusion(
  chain: DevChain,
  hash: StorageHex,
  notify: (result: unknown) => void,
): () => void {
  let included: { number: number; hash: StorageHex } | null = null
  const stop = chain.onBlock((block) => {
    if (included === null && block.extrinsics.some((each) => blake2Hex(each) === hash)) {
      included = block
      notify({ inBlock: block.hash })
    }
    if (included === null || chain.finalized.number < included.number) return
    notify({ finalized: included.hash })
    stop()
  })
  return stop
}

function accountId(address: string): string {
  try {
    return Buffer.from(decodeAddress(address)).toString('hex')
  } catch {
    throw new RpcError(INVALID_PARAMS, 'Invalid params', 'not an address')
  }
}
