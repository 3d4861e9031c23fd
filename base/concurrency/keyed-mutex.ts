import { Mutex } from './semaphore.js'

/** A mutex per key: tasks of one key run one at a time, in order of arrival. */
export class KeyedMutex {
  readonly #mutexes = new Map<string, { readonly mutex: Mutex; users: number }>()

  /** @throws what `task` throws */
  async run<T>(key: string, task: () => Promise<T>): Promise<T> {
    const entry = this.#mutexes.get(key) ?? { mutex: new Mutex(), users: 0 }
    this.#mutexes.set(key, entry)
    entry.users += 1
    try {
      return await entry.mutex.run(task)
    } finally {
      entry.users -= 1
      if (entry.users === 0) this.#mutexes.delete(key)
    }
  }
}
