import { ApiError } from './errors.js'

export interface AtOnceOptions {
  readonly running: number
  /** Of those that wait for a place; who comes after them is sent away. */
  readonly waiting: number
}

/** Runs only so many works at once; the others wait, and run in the order in which they came. */
export class AtOnce {
  readonly #most: AtOnceOptions
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(most: AtOnceOptions) {
    this.#most = most
  }

  /** @throws ApiError `overloaded`, and what `work` throws */
  async run<T>(work: () => Promise<T>): Promise<T> {
    await this.#place()
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      // The place goes from one to the next: nobody can come in between.
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  async #place(): Promise<void> {
    if (this.#running < this.#most.running) {
      this.#running += 1
      return
    }
    if (this.#waiting.length >= this.#most.waiting) {
      throw new ApiError('overloaded', 'Too many wait for such an answer already.', {
        hint: 'Ask again in a moment.',
        retryable: true,
      })
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
