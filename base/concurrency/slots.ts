/** So many at once for each name; whoever finds none free comes again later. */
export class Slots {
  readonly #taken = new Map<string, number>()

  constructor(readonly perName: number) {}

  /** @returns gives the slot back; null when none is free */
  take(name: string): (() => void) | null {
    const taken = this.#taken.get(name) ?? 0
    if (taken >= this.perName) return null
    this.#taken.set(name, taken + 1)
    return () => {
      const left = this.#taken.get(name)! - 1
      if (left === 0) this.#taken.delete(name)
      else this.#taken.set(name, left)
    }
  }
}
