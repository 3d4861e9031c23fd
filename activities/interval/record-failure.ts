import { setFailure } from '../../ledger/intervals/intervals.js'
import type { VerifierDeps } from '../verifier-deps.js'

/**
 * Records with the interval that its workflow failed. This is public, so it names the phase and the kind of
 * failure, but no address. Temporal's UI has the rest. Impossible while the ledger itself is down.
 */
export function createRecordFailure(deps: VerifierDeps) {
  return async ({ n, failure }: { n: number; failure: string }): Promise<void> =>
    setFailure(deps.db, deps.id, n, failure)
}
