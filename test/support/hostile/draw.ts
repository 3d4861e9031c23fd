import { SeededRandom } from '../../../dev/sim/random.js'

/** What one case of a fuzzer draws: the same seed and case draw the same, whatever other cases there are. */
export class Draw {
  readonly #random: SeededRandom
  /** What was drawn, in words: for the message of a failure. */
  readonly notes: string[] = []

  constructor(
    seed: number,
    readonly index: number,
  ) {
    this.#random = new SeededRandom(Math.imul(seed, 1_000_003) + index)
  }

  /** From 0 and below `count`. */
  below(count: number): number {
    return this.#random.below(count)
  }

  /** Both included. */
  int(least: number, most: number): number {
    return least + this.below(most - least + 1)
  }

  chance(percent: number): boolean {
    return this.below(100) < percent
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!
  }

  /** One of a table's functions, noted by its name. */
  named<T>(table: Readonly<Record<string, T>>): T {
    const name = this.pick(Object.keys(table))
    this.notes.push(name)
    return table[name]!
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)))
  }
}
