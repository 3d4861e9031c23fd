export interface SemaphoreOptions {
  /** Maximum number of tasks that run at the same time. */
  readonly permits: number
  /** Maximum number of waiting tasks, and the error for one more. Default: unlimited. */
  readonly queue?: { readonly max: number; readonly whenFull: () => Error }
}

/** Runs at most `permits` tasks concurrently; the others wait and start in order of arrival. */
export class Semaphore {
  readonly #options: SemaphoreOptions
  /** A set, because callers that give up are removed from the middle. */
  readonly #queue = new Set<() => void>()
  #running = 0

  constructor(options: SemaphoreOptions) {
    this.#options = options
  }

  /** Whether a task would have to wait now. */
  get isLocked(): boolean {
    return this.#running >= this.#options.permits
  }

  /**
   * @param signal if aborted while waiting, rejects immediately, and the task never runs
   * @throws what `task` throws, `whenFull()`, or the signal's reason
   */
  async run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.isLocked) await this.#wait(signal)
    else this.#running += 1
    try {
      signal?.throwIfAborted()
      return await task()
    } finally {
      this.#release()
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted()
    const { queue } = this.#options
    if (queue !== undefined && this.#queue.size >= queue.max) throw queue.whenFull()
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#queue.delete(start)
        reject(signal?.reason)
      }
      const start = () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }
      this.#queue.add(start)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** The permit is handed directly to the next task, so that nobody can take it in between. */
  #release(): void {
    const [next] = this.#queue
    if (next === undefined) {
      this.#running -= 1
      return
    }
    this.#queue.delete(next)
    next()
  }
}

/** Runs one task at a time, in order of arrival. */
export class Mutex extends Semaphore {
  constructor() {
    super({ permits: 1 })
  }
}
