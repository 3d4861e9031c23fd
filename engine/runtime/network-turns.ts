import type { Tensor } from 'onnxruntime-node'
import type { Network } from './network.js'

type Runnable = Pick<Network, 'run' | 'release'>

/** Networks that are open one at a time, where a GPU has no room for all: each is opened when its turn comes. */
export class NetworkTurns<Name extends string> {
  readonly #open: (name: Name) => Promise<Runnable>
  #held: { name: Name; network: Runnable } | null = null

  constructor(open: (name: Name) => Promise<Runnable>) {
    this.#open = open
  }

  /** One of them, to be run as if it were always open. One run at a time is the caller's duty. */
  of(name: Name): Runnable {
    return {
      run: async (feeds: Record<string, Tensor>) => (await this.#take(name)).run(feeds),
      release: () => this.#release(),
    }
  }

  async #take(name: Name): Promise<Runnable> {
    if (this.#held?.name !== name) {
      // First, for both may not fit.
      await this.#release()
      this.#held = { name, network: await this.#open(name) }
    }
    return this.#held.network
  }

  async #release(): Promise<void> {
    const held = this.#held
    this.#held = null
    await held?.network.release()
  }
}
