import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Batches writes without blocking the caller: items that arrive during a write, or within the pause after
 * it, go into the next one.
 */
export class BatchWriter<T> {
  readonly #write: (batch: T[]) => Promise<unknown>
  readonly #leadMs: number
  readonly #pauseMs: number
  /** Aborted by `finished`: from then on there are no pauses. */
  readonly #hurry = new AbortController()
  #waiting: T[] = []
  #writing: Promise<void> | null = null

  /**
   * @param options.leadMs how long the first item waits for others, which are then written with it
   * @param options.pauseMs minimum pause between two writes
   */
  constructor(write: (batch: T[]) => Promise<unknown>, { leadMs = 0, pauseMs = 0 } = {}) {
    this.#write = write
    this.#leadMs = leadMs
    this.#pauseMs = pauseMs
  }

  add(item: T): void {
    this.#waiting.push(item)
    this.#writing ??= this.#drain()
    // Thrown by `finished`.
    this.#writing.catch(() => undefined)
  }

  /** @throws what a write threw */
  async finished(): Promise<void> {
    this.#hurry.abort()
    await this.#writing
  }

  /** Drops what is queued, and waits for a write in progress, whatever its result. */
  async abandoned(): Promise<void> {
    this.#waiting = []
    this.#hurry.abort()
    await this.#writing?.catch(() => undefined)
  }

  async #drain(): Promise<void> {
    await this.#pause(this.#leadMs)
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      await this.#write(batch)
      await this.#pause(this.#pauseMs)
    }
    this.#writing = null
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#hurry
    if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => undefined)
  }
}
