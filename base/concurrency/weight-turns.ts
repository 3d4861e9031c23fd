/** One after another, in the order they asked: two extrinsics signed at once would take the same nonce. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()
  #taken = 0

  get busy(): boolean {
    return this.#taken > 0
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    this.#taken += 1
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => undefined)
    try {
      return await mine
    } finally {
      this.#taken -= 1
    }
  }
}
