import { FractalError } from '../../base/errors.js'
import { pause, withHeartbeat } from '../shared/heartbeat.js'
import type { VerifierDeps } from '../verifier-deps.js'

/** Half a block, at most 3 s: a moment is met within half a block of its finality. */
export function pollMs(blockSeconds: number): number {
  return Math.max(100, Math.min(3000, blockSeconds * 500))
}

/** Waits until the block is finalized. Chain outages shorter than five minutes are waited out here. */
export function createWaitForBlock(deps: VerifierDeps) {
  return async ({ block }: { block: number }): Promise<void> =>
    withHeartbeat(async (_signal, heartbeat) => {
      for (let failures = 0; ; ) {
        try {
          const { number } = await deps.chain.finalized()
          if (number >= block) return
          failures = 0
          heartbeat(`block ${number} of ${block}`)
        } catch (error) {
          failures += 1
          if (!(error instanceof FractalError && error.retryable) || failures > 100) throw error
          deps.log.warn({ err: error }, 'the chain did not answer; will retry')
        }
        await pause(pollMs(deps.chain.blockSeconds))
      }
    })
}
