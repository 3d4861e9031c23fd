import { setImmediate } from 'node:timers/promises'
import { EngineError } from '../errors.js'

export function cancelledError(): EngineError {
  return new EngineError('cancelled', 'The generation was cancelled.')
}

/** @throws EngineError `cancelled` once the signal is aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelledError()
}

/**
 * Lets the thread process messages that arrived while a network blocked it, then checks the signal.
 * @throws EngineError `cancelled`
 */
export async function checkpoint(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate()
  throwIfCancelled(signal)
}
