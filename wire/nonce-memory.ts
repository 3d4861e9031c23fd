/** How far ahead of our clock a nonce may be: the caller's clock may be ahead. */
export const MAX_AHEAD_NS = 2_000_000_000n
/** How long a nonce can be fresh: 10 s back and 2 s ahead, and a second for a clock set back. */
const KEEP_NS = 13_000_000_000n

/**
 * The nonces seen within the freshness window. Because it starts empty, nonces that a process before this one may have
 * seen are never fresh (`readClaim` refuses them), so a restart does not allow replays: neither those from before the
 * start, nor those that were ahead of its clock in its last moment. Its size is
 * limited: when full of unexpired nonces it refuses rather than forgets. It can't be an LRU cache, because
 * eviction would let a replay through.
 */
export class NonceMemory {
  #startedNs: bigint
  /** From the start on, nonces that may have been seen as ahead of time before. */
  readonly #seenAheadNs: bigint
  readonly #bornMs = performance.now()
  private readonly max: number
  /** In order of use, which is nearly the order of expiry. */
  private readonly seen = new Map<string, bigint>()

  /** @param options.uptimeMs how long ago the last process that took requests under this hotkey had ended, at least */
  constructor(options: { startedNs: bigint; uptimeMs: number; max?: number }) {
    this.#startedNs = options.startedNs
    const leftNs = MAX_AHEAD_NS - BigInt(Math.floor(options.uptimeMs)) * 1_000_000n
    this.#seenAheadNs = leftNs > 0n ? leftNs : 0n
    this.max = options.max ?? 65_536
  }

  /**
   * The oldest nonces that no process before this one can have seen, in Unix nanoseconds. A start in the
   * future (the clock was wrong and has been set since) is corrected by the current clock.
   */
  startedBy(nowNs: bigint): bigint {
    if (this.#startedNs > nowNs) {
      this.#startedNs = nowNs - BigInt(Math.round((performance.now() - this.#bornMs) * 1e6))
      // Likewise, a use in the future would never be old enough to be forgotten.
      for (const key of this.seen.keys()) this.seen.set(key, nowNs)
    }
    return this.#startedNs + this.#seenAheadNs
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
