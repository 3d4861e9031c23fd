import type { GenerationParams } from '../../formats/generation.js'
import type { Queryable } from '../database.js'
import type { VerifierId } from '../verifier-id.js'

/** A generation that a user requested. */
export interface InferenceRequestRow extends GenerationParams {
  id: string
  jobId: string
  apiKeyId: string
  model: string
  /** Whether it counts in successes, totals, latency and reward. */
  counted: boolean
  /** Whether checks may reuse its prompts. */
  reusePrompt: boolean
  createdAt: Date
}

const COLUMNS = `id, job_id, api_key_id, seed, prompt, negative_prompt, steps, guidance_milli, width, height, frames,
  fps, model, counted, reuse_prompt, created_at`

export interface RecentRequestRow extends InferenceRequestRow {
  /** Its stream was closed while a prover was working on it: by its user, or because another one began first. */
  cancelled: boolean
}

/** Newest first: challenges are made to look like these. */
export async function recentRequests(
  db: Queryable,
  id: VerifierId,
  limit: number,
): Promise<RecentRequestRow[]> {
  return db.query(
    `SELECT ${COLUMNS}, EXISTS (
       SELECT FROM attempts a WHERE a.inference_id = r.id AND a.reason IN ('cancelled', 'outpaced')) AS cancelled
     FROM inference_requests r WHERE netuid = $1 AND verifier = $2
       AND NOT EXISTS (SELECT FROM jobs j WHERE j.id = r.job_id AND j.forgotten_at IS NOT NULL)
     ORDER BY created_at DESC, id LIMIT $3`,
    [id.netuid, id.verifier, limit],
  )
}
