import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { FractalError } from '../../base/errors.js'

/**
 * Gives an activity's errors the form that Temporal's retries and its UI understand: a FractalError's
 * code becomes the failure's type, and whether a retry can help decides whether there is one.
 * Anything unexpected is left alone: it is retried, and shown with its stack.
 * @param options.always retried whatever the error: for waits that nothing else would restart
 */
export function withTypedFailures<A extends unknown[], R>(
  activity: (...args: A) => Promise<R>,
  { always = false }: { always?: boolean } = {},
): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await activity(...args)
    } catch (error) {
      if (error instanceof FractalError && !(error instanceof CancelledFailure)) {
        throw ApplicationFailure.create({
          message: error.hint === undefined ? error.message : `${error.message} (${error.hint})`,
          type: error.code,
          // Without the lease this process can do nothing, but its holder can.
          nonRetryable: !(always || error.retryable || error.code === 'lease_lost'),
        })
      }
      throw error
    }
  }
}
