/** A seeded generator (mulberry32): the same seed gives the same simulation on every machine. */
export class SeededRandom {
  #state: number

  constructor(seed: number) {
    this.#state = Math.imul(seed, 0x9e3779b1) >>> 0
  }

  /** From 0 and below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }

  /** A whole number from 0 and below `below`, each as likely. */
  readonly below = (below: number): number => Math.floor(this.next() * below)

  between(least: number, most: number): number {
    return least + (most - least) * this.next()
  }

  /** The time until the next of events that come independently of each other. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next())
  }

  /** 32 bytes, as of a secret or a block's hash. */
  bytes32(): Uint8Array {
    return Uint8Array.from({ length: 32 }, () => this.below(256))
  }
}
