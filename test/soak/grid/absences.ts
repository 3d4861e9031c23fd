/** Intervals in which a test took provers away, so that they may fail. */
export class Absences {
  readonly #of = new Map<string, Set<number>>()

  /** From one interval to another, both included; names of other processes do no harm. */
  note(names: readonly string[], first: number, last: number): void {
    for (const name of names) {
      const known = this.#of.get(name) ?? new Set()
      for (let n = first; n <= last; n += 1) known.add(n)
      this.#of.set(name, known)
    }
  }

  /** For `assertIntervals`. */
  readonly wasAway = (name: string, n: number): boolean => this.#of.get(name)?.has(n) ?? false
}
