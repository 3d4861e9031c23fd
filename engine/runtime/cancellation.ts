import { setImmediate } from 'node:timers/promises'
import { EngineError } from '../errors.js'

/** @throws EngineError `cancelled` once the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new EngineError('cancelled', 'The generation was cancelled.')
}

/**
 * Lets the thread hear what has arrived while a network blocked it, then looks at the signal.
 * @throws EngineError `cancelled`
 */
export async function checkpoint(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate()
  throwIfCancelled(signal)
}
