import { Semaphore } from '../../base/concurrency/semaphore.js'
import { ApiError } from '../http/errors.js'

/** Answers that are read from Postgres at the same time. */
const MAX_RUNNING = 4
/** More would wait too long. */
const MAX_QUEUED = 256

/**
 * Bounds what all callers of `/v1/network` read together: they need no key, so without it they could take
 * every connection to Postgres from callers that have one. Beyond those that may wait, callers are refused:
 * `overloaded`.
 */
export function readSemaphore({
  maxRunning = MAX_RUNNING,
  maxQueued = MAX_QUEUED,
} = {}): Semaphore {
  const whenFull = () =>
    new ApiError('overloaded', 'Too many requests are queued.', {
      hint: 'Retry in a moment.',
      retryable: true,
    })
  return new Semaphore({ permits: maxRunning, queue: { max: maxQueued, whenFull } })
}
