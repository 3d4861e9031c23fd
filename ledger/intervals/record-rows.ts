import { SHARE_WINDOW_INTERVALS } from '../../rules/constants.js'
import type { MissedCause } from '../../rules/explain/missed-causes.js'
import type { RecordedEvidence } from '../../rules/record/public-record.js'
import type { WindowRow } from '../../rules/settle/settlement.js'
import type { Queryable } from '../database.js'
import type { VerifierId } from '../verifier-id.js'
import { SHARE_COUNT_NAMES } from './share-columns.js'

/** The intervals before n, after `since`, that were missed: they have no record. */
export async function missedSince(
  db: Queryable,
  id: VerifierId,
  { since, n }: { since: number; n: number },
): Promise<{ n: number; because: MissedCause | null }[]> {
  return db.query(
    `SELECT n, missed_because AS because FROM intervals
     WHERE netuid = $1 AND verifier = $2 AND n > $3 AND n < $4 AND phase = 'missed' ORDER BY n`,
    [id.netuid, id.verifier, since, n],
  )
}

/** What each settled interval in the window before n contributes to shares, oldest first. */
export async function windowRows(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<(WindowRow & { n: number })[]> {
  return db.query(
    `SELECT n, hotkey, registered_block, ${SHARE_COUNT_NAMES} FROM scores
     WHERE netuid = $1 AND verifier = $2 AND n IN (
       SELECT n FROM intervals WHERE netuid = $1 AND verifier = $2 AND phase = 'settled' AND n < $3
       ORDER BY n DESC LIMIT $4)
     ORDER BY n, hotkey, registered_block`,
    [id.netuid, id.verifier, n, SHARE_WINDOW_INTERVALS - 1],
  )
}

/** Evidence of the verdicts that count in the interval. */
export async function recordEvidence(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<RecordedEvidence[]> {
  return db.query(
    `SELECT request_id, kind, evidence_sha256 AS sha256 FROM verdicts
     WHERE netuid = $1 AND verifier = $2 AND n = $3 AND evidence_sha256 IS NOT NULL ORDER BY request_id, kind`,
    [id.netuid, id.verifier, n],
  )
}
