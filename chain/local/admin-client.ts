import { z } from 'zod'
import type { BlockRef } from '../chain.js'
import type { AdminCall } from './admin-call.js'
import { blockRef, LocalRpc } from './rpc.js'

/** Calls that only this development chain allows, without any key. */
export interface LocalAdmin {
  /**
   * Takes effect immediately, and is on the chain with the next block; if the chain is killed before, it is
   * lost.
   */
  call(call: AdminCall): Promise<void>
  /** Only on a chain started with `manual`. Returns the new head. */
  newBlocks(count: number): Promise<BlockRef>
}

/** Calls throw ChainError with the chain's error names (HotKeyAlreadyRegisteredInSubNet, …). */
export function localAdmin(url: string): LocalAdmin {
  const rpc = new LocalRpc(url)
  return {
    async call(call) {
      await rpc.call('admin', call, z.null())
    },
    newBlocks: (count) => rpc.call('newBlocks', { count }, blockRef),
  }
}
