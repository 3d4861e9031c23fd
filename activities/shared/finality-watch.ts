import { Context } from '@temporalio/activity'
import type { Log } from '../../base/log.js'
import type { Chain } from '../../chain/chain.js'

/** Of which only the number matters to who waits. */
interface FinalBlock {
  readonly number: number
}

/**
 * Follows finalized blocks for a whole process: however many rounds, intervals and weights wait for one, the
 * chain is polled once for all of them.
 */
export class FinalityWatch {
  readonly #chain: Pick<Chain, 'finalized' | 'nextFinalized' | 'blockSeconds'>
  readonly #log: Log
  #next: Promise<FinalBlock> | null = null
  #newest = -1
  #newestAt = Number.NEGATIVE_INFINITY
  #isFailing = false

  constructor(chain: Pick<Chain, 'finalized' | 'nextFinalized' | 'blockSeconds'>, log: Log) {
    this.#chain = chain
    this.#log = log
  }

  /**
   * The newest final block, after a pause that all callers share. In an activity, it rejects when that is
   * cancelled.
   * @throws what reading the chain throws; already logged
   */
  next(): Promise<FinalBlock> {
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

  /** The newest final block known, at once: asked for when none was learned of in the time of two blocks. */
  async newest(): Promise<FinalBlock> {
    const age = performance.now() - this.#newestAt
    if (age > 2000 * this.#chain.blockSeconds) this.#note((await this.#chain.finalized()).number)
    return { number: this.#newest }
  }

  async #look(): Promise<FinalBlock> {
    const told = await this.#chain.nextFinalized(this.#newest)
    try {
      const number = told ?? (await this.#chain.finalized()).number
      this.#note(number)
      if (this.#isFailing) this.#log.info('the chain answers again')
      this.#isFailing = false
      return { number }
    } catch (error) {
      if (!this.#isFailing) this.#log.warn({ err: error }, 'the chain did not answer; will retry')
      this.#isFailing = true
      throw error
    }
  }

  #note(number: number): void {
    this.#newest = number
    this.#newestAt = performance.now()
  }
}
