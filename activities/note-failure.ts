import { setFailure } from '../ledger/intervals.js'
import type { VerifierDeps } from './verifier-deps.js'

/** Writes why an interval's workflow failed beside the interval, for those who look at the ledger. */
export function createNoteFailure(deps: VerifierDeps) {
  return async ({ n, failure }: { n: number; failure: string }): Promise<void> =>
    setFailure(deps.db, deps.id, n, failure)
}
