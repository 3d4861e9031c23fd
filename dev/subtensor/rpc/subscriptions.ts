import { randomBytes } from 'node:crypto'

/** What one connection listens to. */
export class Subscriptions {
  readonly #send: (message: object) => void
  readonly #cancels = new Map<string, () => void>()

  constructor(send: (message: object) => void) {
    this.#send = send
  }

  /**
   * @param method the name under which notifications are sent
   * @param start begins to listen, and returns how to end it
   * @returns the subscription's id
   */
  open(method: string, start: (notify: (result: unknown) => void) => () => void): string {
    const id = randomBytes(8).toString('hex')
    const notify = (result: unknown) => {
      if (this.#cancels.has(id)) this.#send({ method, params: { subscription: id, result } })
    }
    this.#cancels.set(id, () => undefined)
    this.#cancels.set(id, start(notify))
    return id
  }

  close(id: unknown): boolean {
    if (typeof id !== 'string') return false
    this.#cancels.get(id)?.()
    return this.#cancels.delete(id)
  }

  closeAll(): void {
    for (const id of [...this.#cancels.keys()]) this.close(id)
  }
}

/** For what a subscription says at once: a client learns the id before the first notification. */
export function soon(run: () => void): void {
  setImmediate(run)
}
