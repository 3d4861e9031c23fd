import { Context } from '@temporalio/activity'
import type { Log } from '../../base/log.js'
import type { BlockRef, Chain } from '../../chain/chain.js'

/**
 * Follows finalized blocks for a whole process: however many rounds, intervals and weights wait for one, the
 * chain is polled once for all of them.
 */
export class FinalityWatch {
  readonly #chain: Pick<Chain, 'finalized' | 'nextFinalized'>
  readonly #log: Log
  #next: Promise<BlockRef> | null = null
  #newest = -1
  #isFailing = false

  constructor(chain: Pick<Chain, 'finalized' | 'nextFinalized'>, log: Log) {
    this.#chain = chain
    this.#log = log
  }

  /**
   * The newest final block, after a pause that all callers share. In an activity, it rejects when that is
   * cancelled.
   * @throws what reading the chain throws; already logged
   */
  next(): Promise<BlockRef> {
    if (this.#next === null) {
      const next = this.#look().finally(() => {
        this.#next = null
      })
      // The waiting caller may have been cancelled.
      next.catch(() => undefined)
      this.#next = next
    }
    return Promise.race([this.#next, Context.current().cancelled])
  }

  async #look(): Promise<BlockRef> {
    await this.#chain.nextFinalized(this.#newest)
    try {
      const block = await this.#chain.finalized()
      this.#newest = block.number
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
