import { ApplicationFailure, CancelledFailure } from '@temporalio/common'
import { FractalError } from '../../base/errors.js'

/**
 * Converts an activity's errors to a form that Temporal's retries and UI understand: a FractalError's code
 * becomes the failure type, and its `retryable` decides whether it is retried. Unexpected errors are left
 * unchanged: they are retried, and shown with their stack.
 * @param options.always retried whatever the error: for waits that nothing else would restart
 * @param options.retried errors that are retried in addition: of this worker, where another may succeed
 */
export function withTypedFailures<A extends unknown[], R>(
  activity: (...args: A) => Promise<R>,
  {
    always = false,
    retried = () => false,
  }: { always?: boolean; retried?: (error: FractalError) => boolean } = {},
): (...args: A) => Promise<R> {
  return async (...args) => {
    try {
      return await activity(...args)
    } catch (error) {
      if (error instanceof FractalError && !(error instanceof CancelledFailure)) {
        throw ApplicationFailure.create({
          message: error.hint === undefined ? error.message : `${error.message} (${error.hint})`,
          type: error.code,
          nonRetryable: !(always || error.retryable || isElsewhere(error) || retried(error)),
        })
      }
      throw error
    }
  }
}

/** Without the lease this process can't do it, but the holder of the lease can. */
function isElsewhere({ code }: FractalError): boolean {
  return code === 'lease_lost'
}
