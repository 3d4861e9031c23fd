import { FractalError } from '../../base/errors.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import type { VerifierDeps } from '../verifier-deps.js'

/** About five minutes of polling. */
const MAX_FAILURES = 100

/** Waits until the block is finalized. Chain outages shorter than five minutes are waited out here. */
export function createWaitForBlock({ chain, finality }: VerifierDeps) {
  return async ({ block }: { block: number }): Promise<void> =>
    withHeartbeat(async (_signal, heartbeat) => {
      let look: () => Promise<{ number: number }> = () => chain.finalized()
      for (let failures = 0; ; ) {
        try {
          const { number } = await look()
          if (number >= block) return
          failures = 0
          heartbeat(`block ${number} of ${block}`)
        } catch (error) {
          failures += 1
          if (!(error instanceof FractalError && error.retryable) || failures > MAX_FAILURES) {
            throw error
          }
        }
        look = () => finality.next()
      }
    })
}
