import { EngineError } from '../errors.js'
import { throwIfCancelled } from '../runtime/cancellation.js'

/** Lets one in at a time, in order of arrival. */
export class Turns {
  #last: Promise<void> = Promise.resolve()

  /**
   * Runs the task when those before it are done. A caller that gives up while it waits is told at
   * once, and its task never runs.
   * @throws EngineError `cancelled`
   */
  async take<T>(signal: AbortSignal | undefined, task: () => Promise<T>): Promise<T> {
    throwIfCancelled(signal)
    const before = this.#last
    let done = () => {}
    const mine = new Promise<void>((resolve) => {
      done = resolve
    })
    this.#last = before.then(() => mine)
    try {
      await orAborted(before, signal)
      throwIfCancelled(signal)
      return await task()
    } finally {
      done()
    }
  }
}

async function orAborted(wait: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return wait
  let onAbort = () => {}
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(new EngineError('cancelled', 'The generation was cancelled.'))
    signal.addEventListener('abort', onAbort, { once: true })
  })
  try {
    await Promise.race([wait, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
