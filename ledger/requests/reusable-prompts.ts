import { REUSED_PROMPTS_MAX, REUSED_PROMPTS_PER_KEY } from '../../rules/constants.js'
import type { PromptTexts, ReusablePrompt } from '../../rules/plan/draw-prompt.js'
import type { Queryable } from '../database.js'
import type { VerifierId } from '../verifier-id.js'

/**
 * SQL condition on requests `r` with their jobs `j`: their prompts are stored, and checks may reuse them.
 */
const REUSABLE = `r.netuid = $1 AND r.verifier = $2 AND r.counted AND r.prompt_sha256 IS NOT NULL
  AND r.created_at > now() - interval '1 day' AND j.deleted_at IS NULL AND j.forgotten_at IS NULL
  AND NOT EXISTS (
    SELECT FROM inference_requests o WHERE o.netuid = $1 AND o.verifier = $2
      AND o.prompt_sha256 = r.prompt_sha256 AND NOT o.reuse_prompt)`
const REQUESTS = 'inference_requests r JOIN jobs j ON j.id = r.job_id'

/**
 * Prompts of the last day's counted requests that checks may reuse, each once, newest first, and not too many
 * per key: somebody who requests hundreds of videos must not choose what others are checked with. A prompt
 * that anybody opted out of reuse is left out, whoever else sent it.
 */
export async function reusablePrompts(db: Queryable, id: VerifierId): Promise<ReusablePrompt[]> {
  return db.query(
    `WITH recent AS (
       SELECT r.id, r.prompt_sha256, r.negative_prompt <> '' AS negative_prompt, r.created_at,
         row_number() OVER (PARTITION BY r.api_key_id ORDER BY r.created_at DESC, r.id) AS of_its_key
       FROM ${REQUESTS} WHERE ${REUSABLE}
     ), prompts AS (
       SELECT DISTINCT ON (prompt_sha256) prompt_sha256, negative_prompt, created_at FROM recent
       WHERE of_its_key <= ${REUSED_PROMPTS_PER_KEY} ORDER BY prompt_sha256, created_at DESC, id
     ), newest AS (
       SELECT * FROM prompts ORDER BY created_at DESC, prompt_sha256 LIMIT ${REUSED_PROMPTS_MAX}
     )
     SELECT prompt_sha256, negative_prompt, ARRAY(
         SELECT a.hotkey FROM attempts a
         WHERE a.netuid = $1 AND a.verifier = $2 AND a.prompt_sha256 = newest.prompt_sha256
         UNION
         SELECT a.hotkey FROM inference_requests s JOIN attempts a ON a.inference_id = s.id
         WHERE s.netuid = $1 AND s.verifier = $2 AND s.prompt_sha256 = newest.prompt_sha256
         ORDER BY 1
       ) AS served_by
     FROM newest ORDER BY prompt_sha256`,
    [id.netuid, id.verifier],
  )
}

/**
 * The texts of the newest requests with these prompts, by the prompts' hashes, without those that were
 * deleted or opted out in the meantime.
 */
export async function reusedTexts(
  db: Queryable,
  id: VerifierId,
  hashes: readonly string[],
): Promise<Map<string, PromptTexts>> {
  if (hashes.length === 0) return new Map()
  const rows = await db.query<PromptTexts & { promptSha256: string }>(
    `SELECT DISTINCT ON (r.prompt_sha256) r.prompt_sha256, r.prompt, r.negative_prompt
     FROM ${REQUESTS} WHERE ${REUSABLE} AND r.prompt_sha256 = ANY ($3)
     ORDER BY r.prompt_sha256, r.created_at DESC, r.id`,
    [id.netuid, id.verifier, hashes],
  )
  return new Map(
    rows.map(({ promptSha256, prompt, negativePrompt }) => [
      promptSha256,
      { prompt, negativePrompt },
    ]),
  )
}
