/** How long a nonce can be fresh: 10 s back and 2 s ahead, and a second for a clock set back. */
const KEEP_NS = 13_000_000_000n

/**
 * The nonces seen within the window of freshness. It starts empty, so nonces from before the process
 * started are never fresh (`readClaim` refuses them): a restart opens no window for replay. Memory is
 * bounded: when full of unexpired nonces it refuses rather than forgets, which is why it is no LRU
 * cache: one that evicts lets a replay through.
 */
export class NonceMemory {
  #startedNs: bigint
  readonly #bornMs = performance.now()
  private readonly max: number
  /** In order of use, which is nearly the order of expiry. */
  private readonly seen = new Map<string, bigint>()

  constructor(options: { startedNs: bigint; max?: number }) {
    this.#startedNs = options.startedNs
    this.max = options.max ?? 65_536
  }

  /**
   * When this process started, Unix nanoseconds: what is older was perhaps used before. A start that lies
   * in the future (the clock was wrong then, and has been set) is put where it was by the clock of now.
   */
  startedBy(nowNs: bigint): bigint {
    if (this.#startedNs > nowNs) {
      this.#startedNs = nowNs - BigInt(Math.round((performance.now() - this.#bornMs) * 1e6))
      // Nor would a use in the future ever be old enough to be forgotten.
      for (const key of this.seen.keys()) this.seen.set(key, nowNs)
    }
    return this.#startedNs
  }

  use(hotkey: string, nonce: bigint, nowNs: bigint): 'fresh' | 'replayed' | 'busy' {
    const key = `${hotkey}:${nonce}`
    if (this.seen.has(key)) return 'replayed'
    for (const [oldest, usedNs] of this.seen) {
      if (nowNs - usedNs <= KEEP_NS) break
      this.seen.delete(oldest)
    }
    if (this.seen.size >= this.max) return 'busy'
    this.seen.set(key, nowNs)
    return 'fresh'
  }
}
