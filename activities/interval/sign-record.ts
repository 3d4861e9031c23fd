import { signText } from '../../base/sr25519.js'
import { recordText } from '../../formats/record.js'
import { recordOf, signRecord } from '../../ledger/intervals/records.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import type { VerifierDeps } from '../verifier-deps.js'

/** Signs the hash of the interval's record, once. */
export function createSignRecord(deps: VerifierDeps) {
  return async ({ n }: { n: number }): Promise<void> =>
    withHeartbeat(async () => {
      const record = await recordOf(deps.db, deps.id, n)
      if (record === null || record.signature !== null) return
      await signRecord(deps.db, deps.id, n, signText(deps.signer, recordText(record.hash)))
    })
}
