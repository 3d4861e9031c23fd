import type { RequestHandler } from 'express'
import { ApiError } from './errors.js'

/** While this process stops: what comes in on kept connections is sent to another one, and they close. */
export function refuseWhenStopping(stopping: AbortSignal): RequestHandler {
  return (_req, res, next) => {
    if (!stopping.aborted) {
      next()
      return
    }
    res.set('Connection', 'close')
    throw new ApiError('shutting_down', 'This process is stopping and takes no new requests.', {
      hint: 'Retry: another process will answer.',
      retryable: true,
    })
  }
}
