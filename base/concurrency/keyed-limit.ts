/** A concurrency limit for each key, without a queue: a caller beyond it is refused. */
export class KeyedLimit {
  readonly #taken = new Map<string, number>()

  constructor(readonly perKey: number) {}

  /** @returns releases what was acquired, to be called once; null when the key has none free */
  tryAcquire(key: string): (() => void) | null {
    const taken = this.#taken.get(key) ?? 0
    if (taken >= this.perKey) return null
    this.#taken.set(key, taken + 1)
    return () => {
      const left = this.#taken.get(key)! - 1
      if (left === 0) this.#taken.delete(key)
      else this.#taken.set(key, left)
    }
  }
}
