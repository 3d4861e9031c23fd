import { ROUTING_NEAR_DENOMINATOR, ROUTING_NEAR_NUMERATOR } from '../constants.js'

/** Places per block: a pick reads the sums of the blocks, and the places of only a few. */
const BLOCK = 64
/**
 * How many draws among all places are tried before summing up the near ones: usually one or two hit a near
 * one.
 */
const TRIES = 8
const NONE = Number.POSITIVE_INFINITY

interface Sums {
  soonest: number
  latest: number
  weight: number
}

/**
 * Weights at numbered places, each with its expected completion: the cost of a draw hardly depends on their
 * number. All numbers are integers below 2^53.
 */
export class RoutePool {
  readonly #completions: number[] = []
  readonly #weights: number[] = []
  readonly #blocks: Sums[] = []
  #used = 0
  #total = 0

  get isEmpty(): boolean {
    return this.#used === 0
  }

  /** @param completion null: the place becomes empty */
  set(place: number, completion: number | null, weight: number): void {
    while (this.#completions.length <= place) {
      if (this.#completions.length % BLOCK === 0) {
        this.#blocks.push({ soonest: NONE, latest: 0, weight: 0 })
      }
      this.#completions.push(NONE)
      this.#weights.push(0)
    }
    const before = this.#completions[place]!
    const after = completion ?? NONE
    const given = after === NONE ? 0 : weight
    if (before === after && this.#weights[place] === given) return
    if (before !== NONE) this.#used -= 1
    if (after !== NONE) this.#used += 1
    const more = given - this.#weights[place]!
    this.#total += more
    this.#completions[place] = after
    this.#weights[place] = given
    const b = Math.floor(place / BLOCK)
    const sums = this.#blocks[b]!
    sums.weight += more
    // Who was the first or the last of its block may have had others behind it.
    if (before === sums.soonest || before === sums.latest) this.#findEnds(b)
    else if (after !== NONE) {
      if (after < sums.soonest) sums.soonest = after
      if (after > sums.latest) sums.latest = after
    }
  }

  /**
   * Draws a place among those within a factor of 1.25 of the soonest completion, in proportion to weight.
   * @param random a uniform integer from 0, below its argument
   * @returns null if all places are empty
   */
  draw(random: (below: number) => number): number | null {
    if (this.isEmpty) return null
    const limit = this.#limit()
    for (let tries = 0; tries < TRIES; tries += 1) {
      const place = this.#placeAt(random(this.#total), NONE, null)
      if (this.#completions[place]! <= limit) return place
    }
    const near = this.#blocks.map((block, b) => this.#nearWeight(block, b, limit))
    let total = 0
    for (const weight of near) total += weight
    return this.#placeAt(random(total), limit, near)
  }

  /** The places that a draw may return. */
  near(): number[] {
    if (this.isEmpty) return []
    const limit = this.#limit()
    return [...this.#completions.keys()].filter((place) => this.#completions[place]! <= limit)
  }

  /** Places that complete later than this are not near. */
  #limit(): number {
    let soonest = NONE
    for (const block of this.#blocks) if (block.soonest < soonest) soonest = block.soonest
    return Math.floor((soonest * ROUTING_NEAR_NUMERATOR) / ROUTING_NEAR_DENOMINATOR)
  }

  /**
   * The place at which the running sum of weights exceeds `left`.
   * @param limit places that complete later are left out
   * @param near the weight of each block without those; null: nothing is left out
   */
  #placeAt(left: number, limit: number, near: readonly number[] | null): number {
    let b = 0
    for (; ; b += 1) {
      const weight = near === null ? this.#blocks[b]!.weight : near[b]!
      if (left < weight) break
      left -= weight
    }
    for (let place = b * BLOCK; ; place += 1) {
      if (this.#completions[place]! > limit) continue
      left -= this.#weights[place]!
      if (left < 0) return place
    }
  }

  #nearWeight({ soonest, latest, weight }: Sums, b: number, limit: number): number {
    if (soonest > limit) return 0
    if (latest <= limit) return weight
    let near = 0
    const end = Math.min((b + 1) * BLOCK, this.#completions.length)
    for (let place = b * BLOCK; place < end; place += 1) {
      if (this.#completions[place]! <= limit) near += this.#weights[place]!
    }
    return near
  }

  #findEnds(b: number): void {
    let [soonest, latest] = [NONE, 0]
    const end = Math.min((b + 1) * BLOCK, this.#completions.length)
    for (let place = b * BLOCK; place < end; place += 1) {
      const completion = this.#completions[place]!
      if (completion === NONE) continue
      if (completion < soonest) soonest = completion
      if (completion > latest) latest = completion
    }
    const sums = this.#blocks[b]!
    sums.soonest = soonest
    sums.latest = latest
  }
}
