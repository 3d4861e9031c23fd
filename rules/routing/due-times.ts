/** Places per block; the soonest time of each block is cached. */
const BLOCK = 64
const NEVER = Number.POSITIVE_INFINITY

/** A time for each of many numbered places, with fast access to the soonest. */
export class DueTimes {
  readonly #times: number[] = []
  readonly #soonest: number[] = []

  /** @param ms Infinity: none */
  set(place: number, ms: number): void {
    while (this.#times.length <= place) {
      if (this.#times.length % BLOCK === 0) this.#soonest.push(NEVER)
      this.#times.push(NEVER)
    }
    const before = this.#times[place]!
    if (before === ms) return
    this.#times[place] = ms
    const b = Math.floor(place / BLOCK)
    if (ms <= this.#soonest[b]!) {
      this.#soonest[b] = ms
      return
    }
    // Whoever was not the soonest of its block can't have been in the way of another.
    if (before !== this.#soonest[b]) return
    let soonest = NEVER
    const end = Math.min((b + 1) * BLOCK, this.#times.length)
    for (let i = b * BLOCK; i < end; i += 1)
      if (this.#times[i]! < soonest) soonest = this.#times[i]!
    this.#soonest[b] = soonest
  }

  /** Infinity: none. */
  soonest(): number {
    let soonest = NEVER
    for (const ms of this.#soonest) if (ms < soonest) soonest = ms
    return soonest
  }

  /** Places whose time has been reached. */
  due(nowMs: number): number[] {
    const places: number[] = []
    for (let b = 0; b < this.#soonest.length; b += 1) {
      if (this.#soonest[b]! > nowMs) continue
      const end = Math.min((b + 1) * BLOCK, this.#times.length)
      for (let i = b * BLOCK; i < end; i += 1) if (this.#times[i]! <= nowMs) places.push(i)
    }
    return places
  }
}
