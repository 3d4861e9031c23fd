import type { Log } from '../../base/log.js'
import type { Chain } from '../../chain/chain.js'
import { startPeriodic } from '../sweeps/periodic.js'

/** A chain that does not answer for so long is away: its blocks are counted by the clock meanwhile. */
const AWAY_MS = 60_000
/** A block's time on Bittensor: polling more often brings nothing new there. */
const POLL_MS = 12_000

/**
 * The chain's newest block, for limits that advance with its blocks. Never waits for the chain: users are
 * served while it is away.
 */
export class BlockNow {
  #number: number
  #readAtMs: number
  readonly #blockMs: number
  readonly #timer: { stop: () => void }

  private constructor(
    chain: Pick<Chain, 'head' | 'blockSeconds'>,
    number: number,
    log: Log,
    private readonly now: () => number,
  ) {
    this.#number = number
    this.#readAtMs = now()
    this.#blockMs = chain.blockSeconds * 1000
    const read = async () => {
      this.#number = (await chain.head()).number
      this.#readAtMs = this.now()
    }
    this.#timer = startPeriodic(
      Math.min(POLL_MS, Math.max(1000, this.#blockMs)),
      read,
      log,
      'reading the newest block failed; limits advance by the clock meanwhile',
    )
  }

  /** @param now milliseconds of a monotonic clock */
  static async start(
    chain: Pick<Chain, 'head' | 'blockSeconds'>,
    log: Log,
    now: () => number = () => performance.now(),
  ): Promise<BlockNow> {
    return new BlockNow(chain, (await chain.head()).number, log, now)
  }

  get(): number {
    const age = this.now() - this.#readAtMs
    return age < AWAY_MS ? this.#number : this.#number + Math.floor(age / this.#blockMs)
  }

  stop(): void {
    this.#timer.stop()
  }
}
