/**
 * Mersenne Twister of 32 bits, as seeded by torch's CPU generator (Matsumoto and Nishimura 1998,
 * initialisation of 2002).
 */
export class Mt19937 {
  readonly #state = new Uint32Array(624)
  #at = 624

  /** @param seed only its lowest 32 bits are used */
  constructor(seed: number) {
    const state = this.#state
    state[0] = seed >>> 0
    for (let i = 1; i < 624; i++) {
      const last = state[i - 1]!
      state[i] = Math.imul(1812433253, last ^ (last >>> 30)) + i
    }
  }

  /** The next 32 bits, as an unsigned integer. */
  next(): number {
    if (this.#at === 624) this.#refill()
    let y = this.#state[this.#at++]!
    y ^= y >>> 11
    y ^= (y << 7) & 0x9d2c5680
    y ^= (y << 15) & 0xefc60000
    return (y ^ (y >>> 18)) >>> 0
  }

  #refill(): void {
    const state = this.#state
    for (let i = 0; i < 624; i++) {
      const bits = (state[i]! & 0x80000000) | (state[(i + 1) % 624]! & 0x7fffffff)
      state[i] = state[(i + 397) % 624]! ^ (bits >>> 1) ^ (bits & 1 ? 0x9908b0df : 0)
    }
    this.#at = 0
  }
}
