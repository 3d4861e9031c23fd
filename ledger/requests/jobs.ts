import { z } from 'zod'
import type { Database, Queryable } from '../database.js'
import { jsonRows } from '../json-rows.js'
import { firstOrNull } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'
import type { InferenceRequestRow } from './inference.js'

export type JobStatus = 'queued' | 'in_progress' | 'completed' | 'failed'

/** A user's job together with the generation that it requests. */
export interface JobRow extends Omit<InferenceRequestRow, 'id' | 'jobId' | 'createdAt'> {
  /** `video_` and 24 hex. */
  id: string
  inferenceId: string
  netuid: number
  verifier: string
  status: JobStatus
  /** Per cent. */
  progress: number
  /**
   * Requests ahead of this one at its prover; null until a prover has accepted it, and once it has ended.
   */
  queuePosition: number | null
  warnings: string[]
  errorCode: string | null
  errorMessage: string | null
  /** The attempt whose frames were delivered. */
  winningRequestId: string | null
  cancelRequestedAt: Date | null
  workflowStartedAt: Date | null
  createdAt: Date
  startedAt: Date | null
  completedAt: Date | null
  expiresAt: Date | null
  /** Whether `expiresAt` has passed, by the database's clock. */
  hasExpired: boolean
  deletedAt: Date | null
  /**
   * When its files, frames and prompts were deleted because of their age; the prompts are '' from then on.
   */
  forgottenAt: Date | null
  /** Hotkey of the prover of the winning attempt. */
  prover: string | null
}

/** A new job: its generation, with the ids that the API generated. */
export type NewJob = Omit<InferenceRequestRow, 'id' | 'jobId' | 'createdAt'> & {
  id: string
  inferenceId: string
}

export interface ContentRow {
  mime: string
  bytes: Uint8Array
  sha256: string
}

export const CONTENT_VARIANTS = ['video', 'thumbnail'] as const
export type ContentVariant = (typeof CONTENT_VARIANTS)[number]

/** What is made from a job's frames. */
export type JobFiles = Readonly<Record<ContentVariant, ContentRow>>

/** Columns of a job and its generation, for other files in the ledger. */
export const JOB_COLUMNS = `j.id, j.api_key_id, j.status, j.progress, j.queue_position, j.inference_id, j.winning_request_id, j.warnings,
  j.error_code, j.error_message, j.cancel_requested_at, j.workflow_started_at, j.created_at, j.started_at, j.completed_at,
  j.expires_at, coalesce(j.expires_at <= clock_timestamp(), false) AS has_expired, j.deleted_at, j.forgotten_at, r.netuid, r.verifier, r.seed, r.prompt, r.negative_prompt, r.steps, r.guidance_milli,
  r.width, r.height, r.frames, r.fps, r.model, r.counted, r.reuse_prompt,
  (SELECT a.hotkey FROM attempts a WHERE a.request_id = j.winning_request_id) AS prover`
export const JOB_SOURCE = 'jobs j JOIN inference_requests r ON r.id = j.inference_id'

/** For statements that select JOB_COLUMNS. */
export const queryJobs = jsonRows<JobRow>('jobs', (row) => row.id, {
  warnings: z.array(z.string()),
})

/** How long after an attempt's deadline its worker may still take to record the outcome. */
const ASKER_MARGIN_S = 60

/**
 * SQL condition on attempts `a`: a worker may still be waiting for the prover. A later outcome is still
 * recorded.
 */
export const STILL_ASKED = `a.outcome IS NULL
  AND a.asked_at + make_interval(secs => a.deadline_ms / 1000.0 + ${ASKER_MARGIN_S}) > clock_timestamp()`

/** Stores a job and its generation, once, in one statement. @returns the stored job */
export async function insertJob(db: Queryable, id: VerifierId, job: NewJob): Promise<JobRow> {
  const added = await queryJobs(
    db,
    `WITH j AS (
       INSERT INTO jobs (id, api_key_id, inference_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING *
     ), r AS (
       INSERT INTO inference_requests (id, job_id, netuid, verifier, api_key_id, seed, prompt, negative_prompt, steps,
         guidance_milli, width, height, frames, fps, model, counted, reuse_prompt, prompt_sha256)
       SELECT j.inference_id, j.id, $4, $5, j.api_key_id, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
         encode(sha256(convert_to($7, 'UTF8')), 'hex') FROM j
       RETURNING *
     )
     SELECT ${JOB_COLUMNS} FROM j, r`,
    [
      job.id,
      job.apiKeyId,
      job.inferenceId,
      id.netuid,
      id.verifier,
      job.seed,
      job.prompt,
      job.negativePrompt,
      job.steps,
      job.guidanceMilli,
      job.width,
      job.height,
      job.frames,
      job.fps,
      job.model,
      job.counted,
      job.reusePrompt,
    ],
    { prepare: 'insert-job' },
  )
  return added[0] ?? (await getJob(db, job.id))!
}

export async function getJob(db: Queryable, jobId: string): Promise<JobRow | null> {
  return firstOrNull(
    await queryJobs(db, `SELECT ${JOB_COLUMNS} FROM ${JOB_SOURCE} WHERE j.id = $1`, [jobId], {
      prepare: 'job',
    }),
  )
}

/**
 * The newest job of this key that requested exactly the same generation, including the seed, and has a video
 * or is getting one; null if there is none.
 */
export async function findRepeat(
  db: Queryable,
  id: VerifierId,
  wanted: Omit<NewJob, 'id' | 'inferenceId' | 'counted'>,
): Promise<JobRow | null> {
  return firstOrNull(
    await queryJobs(
      db,
      `SELECT ${JOB_COLUMNS} FROM ${JOB_SOURCE}
       WHERE r.netuid = $1 AND r.verifier = $2 AND r.api_key_id = $3 AND r.seed = $4 AND r.prompt = $5
         AND r.negative_prompt = $6 AND r.steps = $7 AND r.guidance_milli = $8 AND r.width = $9 AND r.height = $10
         AND r.frames = $11 AND r.fps = $12 AND r.model = $13 AND r.reuse_prompt = $14 AND j.status <> 'failed'
         AND j.cancel_requested_at IS NULL AND j.deleted_at IS NULL AND (j.expires_at IS NULL OR j.expires_at > now())
       ORDER BY j.created_at DESC, j.id LIMIT 1`,
      [
        id.netuid,
        id.verifier,
        wanted.apiKeyId,
        wanted.seed,
        wanted.prompt,
        wanted.negativePrompt,
        wanted.steps,
        wanted.guidanceMilli,
        wanted.width,
        wanted.height,
        wanted.frames,
        wanted.fps,
        wanted.model,
        wanted.reusePrompt,
      ],
    ),
  )
}

/**
 * Jobs that nobody runs, oldest first: their workflow was not recorded as started (the API died in between),
 * and no worker runs them directly, or it died.
 */
export async function listUnstarted(
  db: Queryable,
  id: VerifierId,
  { olderThanMs, limit }: { olderThanMs: number; limit: number },
): Promise<JobRow[]> {
  return queryJobs(
    db,
    `SELECT ${JOB_COLUMNS} FROM ${JOB_SOURCE}
     WHERE r.netuid = $3 AND r.verifier = $4 AND j.workflow_started_at IS NULL
       AND j.completed_at IS NULL
       AND (j.direct_until IS NULL OR j.direct_until < clock_timestamp())
       AND j.created_at < clock_timestamp() - make_interval(secs => $1::double precision / 1000)
     ORDER BY j.created_at, j.id LIMIT $2`,
    [olderThanMs, limit, id.netuid, id.verifier],
  )
}

/**
 * Jobs whose workflow was started but that have made no progress for a long time, by id: no worker runs them
 * directly, and none can still be waiting for a prover. Only Temporal knows whether their workflow still
 * runs.
 * @param after the last id of the previous page; '' for the first page
 */
export async function listSilent(
  db: Queryable,
  id: VerifierId,
  { after, limit, silentS }: { after: string; limit: number; silentS: number },
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT j.id FROM ${JOB_SOURCE}
     WHERE r.netuid = $1 AND r.verifier = $2 AND j.completed_at IS NULL AND j.id > $3
       AND j.workflow_started_at < clock_timestamp() - make_interval(secs => $5)
       AND (j.direct_until IS NULL OR j.direct_until < clock_timestamp())
       AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.inference_id = j.inference_id
         AND ((${STILL_ASKED}) OR a.completed_at > clock_timestamp() - make_interval(secs => $5)))
     ORDER BY j.id LIMIT $4`,
    [id.netuid, id.verifier, after, limit, silentS],
  )
  return rows.map((row) => row.id)
}

/** Records that the job's workflow was started. */
export async function markStarted(db: Queryable, jobId: string): Promise<void> {
  await db.execute(
    'UPDATE jobs SET workflow_started_at = now() WHERE id = $1 AND workflow_started_at IS NULL',
    [jobId],
    { prepare: 'mark-started' },
  )
}

/**
 * Records progress in per cent, which never decreases; from the first progress on, no request is ahead of
 * this one. Does nothing if the job has ended.
 */
export async function setProgress(db: Queryable, jobId: string, progress: number): Promise<void> {
  await db.execute(
    `UPDATE jobs SET status = 'in_progress', progress = greatest(progress, $2),
       queue_position = CASE WHEN $2 > 0 THEN 0 ELSE queue_position END,
       started_at = coalesce(started_at, now())
     WHERE id = $1 AND status IN ('queued', 'in_progress')`,
    [jobId, progress],
    { prepare: 'set-progress' },
  )
}

/**
 * Records how many requests are ahead of this one, as reported by the prover that accepted it; null: that
 * prover was given up and another is being sought. Does nothing if the job has ended.
 */
export async function setQueuePosition(
  db: Queryable,
  jobId: string,
  position: number | null,
): Promise<void> {
  await db.execute(
    `UPDATE jobs SET queue_position = $2::integer
     WHERE id = $1 AND status IN ('queued', 'in_progress') AND queue_position IS DISTINCT FROM $2::integer`,
    [jobId, position],
  )
}

/** How a job is completed. */
export interface JobCompletion {
  readonly winningRequestId: string
  readonly warnings: readonly string[]
  /** How long its files can be fetched from now on; null: forever. */
  readonly keptMs: number | null
  /** Made from its frames. */
  readonly files?: JobFiles
}

/**
 * Completes a job and stores its files, once, in one statement.
 * @returns false if it had already ended
 */
export async function completeJob(
  db: Queryable,
  jobId: string,
  { winningRequestId, warnings, keptMs, files }: JobCompletion,
): Promise<boolean> {
  const variants = files === undefined ? [] : CONTENT_VARIANTS
  const values = variants.map((_, i) => {
    const [variant, mime, bytes, sha256] = [5, 6, 7, 8].map((n) => `$${n + 4 * i}`)
    return `(${variant}::text, ${mime}::text, ${bytes}::bytea, ${sha256}::text)`
  })
  // The lock makes a concurrent deletion wait: it then removes what was stored, and nothing is stored after it.
  const stored =
    values.length === 0
      ? ''
      : `, stored AS (
       INSERT INTO contents (job_id, variant, mime, bytes, sha256)
       SELECT job.id, file.* FROM job, (VALUES ${values.join(', ')}) file WHERE job.deleted_at IS NULL
       ON CONFLICT DO NOTHING
     )`
  const ended = await db.execute(
    `WITH job AS (
       SELECT id, deleted_at FROM jobs WHERE id = $1 AND status IN ('queued', 'in_progress') FOR NO KEY UPDATE
     )${stored}
     UPDATE jobs SET status = 'completed', progress = 100, queue_position = NULL, winning_request_id = $2, warnings = $3,
       expires_at = now() + make_interval(secs => $4::double precision / 1000),
       started_at = coalesce(started_at, now()), completed_at = now()
     FROM job WHERE jobs.id = job.id`,
    [
      jobId,
      winningRequestId,
      JSON.stringify(warnings),
      keptMs,
      ...variants.flatMap((variant) => {
        const { mime, bytes, sha256 } = files![variant]
        return [variant, mime, bytes, sha256]
      }),
    ],
    { prepare: `complete-job-${variants.length}` },
  )
  return ended === 1
}

/** Fails a job, once; a cancelled one with the code `cancelled`. @returns false if it had already ended */
export async function failJob(
  db: Queryable,
  jobId: string,
  error: { code: string; message: string },
): Promise<boolean> {
  const ended = await db.execute(
    `UPDATE jobs SET status = 'failed', queue_position = NULL, error_code = $2, error_message = $3, completed_at = now()
     WHERE id = $1 AND status IN ('queued', 'in_progress')`,
    [jobId, error.code, error.message],
  )
  return ended === 1
}

/**
 * Records that the user cancelled it. If no prover is working on it (it waits for its turn, for a free prover
 * or for Temporal, or the worker that asked the prover is gone for good) it ends immediately; otherwise that
 * worker ends it. If there is an answer and its file is being made, it completes.
 * @returns the job; null if there is none
 */
export async function requestCancel(db: Queryable, jobId: string): Promise<JobRow | null> {
  await db.execute(
    `WITH asked AS (
       SELECT j.id, EXISTS (SELECT 1 FROM attempts a WHERE a.inference_id = j.inference_id
         AND (a.outcome = 'success' OR (${STILL_ASKED}))) AS busy
       FROM jobs j WHERE j.id = $1
     )
     UPDATE jobs j SET cancel_requested_at = coalesce(cancel_requested_at, now()),
       status = CASE WHEN busy THEN status ELSE 'failed' END,
       queue_position = CASE WHEN busy THEN queue_position END,
       error_code = CASE WHEN busy THEN error_code ELSE 'cancelled' END,
       error_message = CASE WHEN busy THEN error_message ELSE 'The request was cancelled.' END,
       completed_at = CASE WHEN busy THEN completed_at ELSE now() END
     FROM asked
     WHERE j.id = asked.id AND (j.cancel_requested_at IS NULL OR NOT busy) AND j.status IN ('queued', 'in_progress')`,
    [jobId],
  )
  return getJob(db, jobId)
}

export async function getContent(
  db: Queryable,
  jobId: string,
  variant: ContentVariant,
): Promise<ContentRow | null> {
  return firstOrNull(
    await db.query('SELECT mime, bytes, sha256 FROM contents WHERE job_id = $1 AND variant = $2', [
      jobId,
      variant,
    ]),
  )
}

/**
 * Hides a job from its owner, stops it as `requestCancel` does, and removes its files; also its frames, if
 * judging no longer needs them and they are not evidence. Its row and its attempts stay: what its prover did
 * is still judged and counted.
 */
export async function deleteJob(db: Database, jobId: string): Promise<void> {
  await db.tx(async (tx) => {
    // First, so that no webhook announces its end.
    await tx.execute('UPDATE jobs SET deleted_at = now() WHERE id = $1 AND deleted_at IS NULL', [
      jobId,
    ])
    await requestCancel(tx, jobId)
    await tx.execute('DELETE FROM contents WHERE job_id = $1', [jobId])
    await tx.execute(
      `DELETE FROM frames f USING inference_requests r, attempts a, intervals i
       WHERE r.job_id = $1 AND a.inference_id = r.id AND f.request_id = a.request_id AND a.outcome IS NOT NULL
         AND i.netuid = a.netuid AND i.verifier = a.verifier AND i.n = a.n
         AND i.phase IN ('settled', 'lapsed', 'missed')
         AND NOT EXISTS (SELECT FROM verdicts v WHERE v.request_id = a.request_id AND v.verdict = 'cheat')`,
      [jobId],
    )
  })
}
