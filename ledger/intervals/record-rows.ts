import type { WorkShape } from '../../formats/video-shape.js'
import { SHARE_WINDOW_INTERVALS } from '../../rules/constants.js'
import type { MissedCause } from '../../rules/explain/missed-causes.js'
import type { RecordedAnswer } from '../../rules/record/answer-columns.js'
import type { RecordedEvidence } from '../../rules/record/public-record.js'
import type { WindowRow } from '../../rules/settle/settlement.js'
import type { Queryable } from '../database.js'
import type { VerifierId } from '../verifier-id.js'
import { SHARE_COUNT_NAMES } from './share-columns.js'

/** A request as it appears in an interval's record, except for its checks. */
export interface RecordAttemptRow
  extends Omit<RecordedAnswer, 'key' | 'taken' | 'shape' | 'wide' | 'answer' | 'checks'> {
  apiKeyId: string | null
  taken: string[] | null
  wideN: number | null
  wideRound: number | null
  framesSha256: string | null
  traceRoot: string | null
  determinismClass: string | null
  modelRoot: string | null
  signature: string | null
  /** Null if its body was removed. */
  steps: number | null
  frames: number | null
  width: number | null
  height: number | null
}

/**
 * An interval's requests in the order in which their outcomes were recorded; challenges without one come
 * last.
 */
export async function recordAttempts(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<RecordAttemptRow[]> {
  // Only numbers are read from a body, as json: a prompt may contain what jsonb rejects.
  return db.query(
    `SELECT a.request_id, a.kind, a.hotkey, a.registered_block, a.counted, a.gpus, a.in_flight, a.outcome, a.reason,
       a.api_key_id, a.taken::text[] AS taken, a.wide_n, a.wide_round, a.body_sha256, a.prompt_sha256, a.frames_sha256,
       a.trace_root, a.determinism_class, a.model_root, a.signature, (p->>'num_inference_steps')::integer AS steps,
       (p->>'num_frames')::integer AS frames, (p->>'width')::integer AS width, (p->>'height')::integer AS height
     FROM attempts a CROSS JOIN LATERAL (
       SELECT CASE WHEN a.body = '' THEN NULL ELSE convert_from(a.body, 'UTF8')::json->'sampling_params' END AS p
     ) asked
     WHERE a.netuid = $1 AND a.verifier = $2 AND a.n = $3
     ORDER BY a.completed_at NULLS LAST, a.request_id`,
    [id.netuid, id.verifier, n],
  )
}

/** Null if the body was removed. */
export function shapeOf({ steps, frames, width, height }: RecordAttemptRow): WorkShape | null {
  if (steps === null || frames === null || width === null || height === null) return null
  return { steps, frames, width, height }
}

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
