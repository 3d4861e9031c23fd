import { setTimeout as sleep } from 'node:timers/promises'
import { FractalError } from '../../base/errors.js'
import { shapeFailed } from './through-interval.js'

export interface Patience {
  readonly patienceMs: number
  readonly pollMs: number
  readonly interrupted: AbortSignal
}

/**
 * Asks until there is something.
 * @throws FractalError `shape_failed` when that takes too long; what `look` throws, unless it is retryable
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | false>,
  { patienceMs, pollMs, interrupted }: Patience,
): Promise<T> {
  for (const deadline = performance.now() + patienceMs; ; await sleep(pollMs)) {
    interrupted.throwIfAborted()
    const seen = await look().catch((error) => {
      // An outage of our own making may hit this question too.
      if (error instanceof FractalError && error.retryable) return null
      throw error
    })
    if (seen !== null && seen !== false) return seen
    if (performance.now() > deadline) throw shapeFailed(`waited in vain for ${what}`)
  }
}
