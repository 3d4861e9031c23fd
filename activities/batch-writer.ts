/**
 * Writes what comes without holding up who brings it: items that arrive while a write is under way go
 * together with the next one.
 */
export class BatchWriter<T> {
  readonly #write: (batch: T[]) => Promise<unknown>
  #waiting: T[] = []
  #writing: Promise<void> | null = null

  constructor(write: (batch: T[]) => Promise<unknown>) {
    this.#write = write
  }

  add(item: T): void {
    this.#waiting.push(item)
    this.#writing ??= this.#drain()
    // Thrown by `finished`.
    this.#writing.catch(() => undefined)
  }

  /** @throws what a write threw */
  async finished(): Promise<void> {
    await this.#writing
  }

  /** Gives up what waits, and waits for what is under way, whatever comes of it. */
  async abandoned(): Promise<void> {
    this.#waiting = []
    await this.#writing?.catch(() => undefined)
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      await this.#write(batch)
    }
    this.#writing = null
  }
}
