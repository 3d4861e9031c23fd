import type { Queryable } from '../database.js'
import { FINAL_PHASES } from '../intervals/intervals.js'
import { SHOWN_THROUGH } from '../intervals/shown.js'
import { firstOrNull } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'
import type { CheckKind } from './verdicts.js'

/** Evidence of a cheat, as stored. */
export interface NewEvidence {
  requestId: string
  kind: CheckKind
  /** The accused. */
  hotkey: string
  sha256: string
  /** Whether it contains a user's prompt. */
  ofUser: boolean
  /** Whether it contains states or frames. */
  whole: boolean
  /** The file, compressed. */
  gzip: Uint8Array
}

/** Stores the evidence of a verdict that was just stored with its hash, once. */
export async function putEvidence(
  db: Queryable,
  id: VerifierId,
  n: number,
  row: NewEvidence,
): Promise<void> {
  await db.execute(
    `INSERT INTO evidence (netuid, verifier, n, request_id, kind, hotkey, sha256, of_user, whole, gzip)
     SELECT v.netuid, v.verifier, v.n, v.request_id, v.kind, v.hotkey, v.evidence_sha256, $6, $7, $8
     FROM verdicts v WHERE v.netuid = $1 AND v.verifier = $2 AND v.n = $3 AND v.request_id = $4 AND v.kind = $5
       AND v.evidence_sha256 = $9
     ON CONFLICT DO NOTHING`,
    [
      ...[id.netuid, id.verifier, n, row.requestId, row.kind],
      ...[row.ofUser, row.whole, row.gzip, row.sha256],
    ],
  )
}

/** For each prover, the number of its evidence files with states or frames in an interval, by hotkey. */
export async function wholeEvidence(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<Map<string, number>> {
  const rows = await db.query<{ hotkey: string; files: number }>(
    `SELECT hotkey, count(*)::integer AS files FROM evidence
     WHERE netuid = $1 AND verifier = $2 AND n = $3 AND whole GROUP BY hotkey`,
    [id.netuid, id.verifier, n],
  )
  return new Map(rows.map(({ hotkey, files }) => [hotkey, files]))
}

/** Who may have a file of evidence. */
export interface EvidenceAccess {
  n: number
  /** The accused. */
  hotkey: string
  ofUser: boolean
}

/** Of a verdict that may be shown (`shown.ts`). Null where there is none. */
export async function evidenceAccess(
  db: Queryable,
  id: VerifierId,
  sha256: string,
): Promise<EvidenceAccess | null> {
  return firstOrNull(
    await db.query(
      `SELECT e.n, e.hotkey, e.of_user FROM evidence e JOIN intervals i USING (netuid, verifier, n)
       WHERE e.netuid = $1 AND e.verifier = $2 AND e.sha256 = $3 AND i.phase = ANY ($4) AND e.n <= (${SHOWN_THROUGH})`,
      [id.netuid, id.verifier, sha256, FINAL_PHASES],
    ),
  )
}

/** The compressed file; null when there is none. */
export async function evidenceFile(
  db: Queryable,
  id: VerifierId,
  sha256: string,
): Promise<Buffer | null> {
  const [row] = await db.query<{ gzip: Buffer }>(
    'SELECT gzip FROM evidence WHERE netuid = $1 AND verifier = $2 AND sha256 = $3 LIMIT 1',
    [id.netuid, id.verifier, sha256],
  )
  return row?.gzip ?? null
}
