import { gzipSync } from 'node:zlib'
import { evidenceHash } from '../../../formats/evidence.js'
import type { Database } from '../../../ledger/database.js'
import { putEvidence } from '../../../ledger/judging/evidence.js'
import { insertVerdicts } from '../../../ledger/judging/verdicts.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import type { ProverKey } from '../../../rules/settle/settlement.js'
import { uuid } from '../../ledger/fixtures.js'

/** Of `storedEvidence`. */
export const EVIDENCE_TEXT =
  '{"reason":"hash_differs","signature":"0x","version":"fractal-evidence/1"}'
export const EVIDENCE_SHA256 = evidenceHash(JSON.parse(EVIDENCE_TEXT))

/** A cheat of interval n with evidence in the form of one. */
export async function storedEvidence(
  db: Database,
  id: VerifierId,
  n: number,
  { hotkey, registeredBlock }: ProverKey,
  ofUser: boolean,
): Promise<void> {
  const row = { requestId: uuid(), kind: 'audit', hotkey } as const
  const cheat = { verdict: 'cheat', reason: 'hash_differs', rewardPpm: null, detail: null } as const
  const evidenceSha256 = EVIDENCE_SHA256
  await insertVerdicts(db, id, n, [{ ...row, registeredBlock, ...cheat, evidenceSha256 }])
  const gzip = gzipSync(EVIDENCE_TEXT)
  await putEvidence(db, id, n, { ...row, sha256: evidenceSha256, ofUser, whole: true, gzip })
}
