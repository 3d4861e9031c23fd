import type { Queryable } from '../database.js'

export interface NewGroundTruth {
  requestId: string
  framesSha256: string
  traceRoot: string
  determinismClass: string
  elapsedUs: number
  work: number
}

/** The verifier's second computation, in a fresh session. */
export interface Confirmation {
  confirmFramesSha256: string
  confirmTraceRoot: string
  knownAnswerOk: boolean
}

export interface GroundTruthRow extends NewGroundTruth {
  /** Similarity of the answer to this truth, if comparing bytes did not decide. */
  cosinePpm: number | null
  confirmFramesSha256: string | null
  confirmTraceRoot: string | null
  knownAnswerOk: boolean | null
  computedAt: Date
  confirmedAt: Date | null
}

/** Stores a ground truth, once. @returns the stored one */
export async function putGroundTruth(
  db: Queryable,
  truth: NewGroundTruth,
): Promise<GroundTruthRow> {
  await db.execute(
    `INSERT INTO ground_truths (request_id, frames_sha256, trace_root, determinism_class, elapsed_us, work)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [
      truth.requestId,
      truth.framesSha256,
      truth.traceRoot,
      truth.determinismClass,
      truth.elapsedUs,
      truth.work,
    ],
  )
  return (await groundTruthsOf(db, [truth.requestId]))[0]!
}

/** Stores the answer's cosine, once. */
export async function putCosine(
  db: Queryable,
  requestId: string,
  cosinePpm: number,
): Promise<void> {
  await db.execute(
    'UPDATE ground_truths SET cosine_ppm = coalesce(cosine_ppm, $2) WHERE request_id = $1',
    [requestId, cosinePpm],
  )
}

/** Stores the control run, once. */
export async function putConfirmation(
  db: Queryable,
  requestId: string,
  { confirmFramesSha256, confirmTraceRoot, knownAnswerOk }: Confirmation,
): Promise<void> {
  await db.execute(
    `UPDATE ground_truths SET confirm_frames_sha256 = $2, known_answer_ok = $3, confirm_trace_root = $4, confirmed_at = now()
     WHERE request_id = $1 AND confirmed_at IS NULL`,
    [requestId, confirmFramesSha256, knownAnswerOk, confirmTraceRoot],
  )
}

/** Ordered by request id; those not computed yet are left out. */
export async function groundTruthsOf(
  db: Queryable,
  requestIds: readonly string[],
): Promise<GroundTruthRow[]> {
  return db.query(
    `SELECT request_id, frames_sha256, trace_root, determinism_class, elapsed_us, work, cosine_ppm,
       confirm_frames_sha256, confirm_trace_root, known_answer_ok, computed_at, confirmed_at
     FROM ground_truths WHERE request_id = ANY ($1) ORDER BY request_id`,
    [requestIds],
  )
}
