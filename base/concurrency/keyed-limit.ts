/** A concurrency limit per key, without a queue: callers beyond it are refused. */
export class KeyedLimit {
  readonly #taken = new Map<string, number>()

  constructor(readonly perKey: number) {}

  /** @returns a function that releases it, to be called once; null if the key has no permit free */
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
