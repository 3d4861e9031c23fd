import { setTimeout as sleep } from 'node:timers/promises'
import { Context } from '@temporalio/activity'
import type { Log } from '../../base/log.js'
import type { BlockRef, Chain } from '../../chain/chain.js'

/** Half a block, at most 3 s: a moment is met within half a block of its finality. */
export function pollMs(blockSeconds: number): number {
  return Math.max(100, Math.min(3000, blockSeconds * 500))
}

/**
 * Follows the final blocks for a whole process: however many rounds, intervals and weights wait for one, the
 * chain is asked once for all of them.
 */
export class FinalityWatch {
  readonly #chain: Pick<Chain, 'finalized' | 'blockSeconds'>
  readonly #log: Log
  #next: Promise<BlockRef> | null = null
  #isFailing = false

  constructor(chain: Pick<Chain, 'finalized' | 'blockSeconds'>, log: Log) {
    this.#chain = chain
    this.#log = log
  }

  /**
   * The newest final block, after a pause that all callers share. Of an activity: rejects with its
   * cancellation. @throws what reading the chain throws; it is logged here
   */
  next(): Promise<BlockRef> {
    if (this.#next === null) {
      const next = this.#look().finally(() => {
        this.#next = null
      })
      // Whoever waited may have been cancelled.
      next.catch(() => undefined)
      this.#next = next
    }
    return Promise.race([this.#next, Context.current().cancelled])
  }

  async #look(): Promise<BlockRef> {
    await sleep(pollMs(this.#chain.blockSeconds))
    try {
      const block = await this.#chain.finalized()
      if (this.#isFailing) this.#log.info('the chain answers again')
      this.#isFailing = false
      return block
    } catch (error) {
      if (!this.#isFailing) this.#log.warn({ err: error }, 'the chain did not answer; will retry')
      this.#isFailing = true
      throw error
    }
  }
}
