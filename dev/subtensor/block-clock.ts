import type { DevChain } from './chain.js'

/** Makes a block every so often; one that takes longer is followed by the next at once. */
export class BlockClock {
  readonly #chain: DevChain
  readonly #everyMs: number
  /** Rejects when no more blocks can be made. */
  readonly broken: Promise<never>
  #break: (error: unknown) => void = () => undefined
  #timer: NodeJS.Timeout | null = null
  #stopped = false

  /** @param everyMs 0 for never */
  constructor(chain: DevChain, everyMs: number) {
    this.#chain = chain
    this.#everyMs = everyMs
    this.broken = new Promise((_, reject) => {
      this.#break = reject
    })
    // Not an unhandled rejection where nobody awaits it.
    this.broken.catch(() => undefined)
    if (everyMs > 0) this.#wait(everyMs)
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => void this.#tick(), ms)
  }

  async #tick(): Promise<void> {
    const startedAt = Date.now()
    try {
      await this.#chain.newBlock()
    } catch (error) {
      this.#break(error)
      return
    }
    if (!this.#stopped) this.#wait(Math.max(0, this.#everyMs - (Date.now() - startedAt)))
  }
}
