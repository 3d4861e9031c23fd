import type { Database, Queryable } from '../database.js'
import type { VerifierId } from '../verifier-id.js'
import { STILL_ASKED } from './jobs.js'

/** Phases in which nothing more of an interval is judged. */
const FINAL = "('settled', 'lapsed', 'missed')"

/**
 * SQL condition on jobs `j` with their generation `r`: no worker is waiting for a prover any more, every
 * interval that its answers count in is final, and none of them was judged a cheat: that is evidence as long
 * as the verdict is kept.
 */
const NO_JUDGING_NEEDS = `NOT EXISTS (
    SELECT FROM attempts a LEFT JOIN intervals i USING (netuid, verifier, n)
    WHERE a.inference_id = r.id AND ((${STILL_ASKED})
      OR (a.outcome IS NOT NULL AND coalesce(i.phase, 'open') NOT IN ${FINAL})))
  AND NOT EXISTS (
    SELECT FROM attempts a JOIN verdicts v USING (request_id) WHERE a.inference_id = r.id AND v.verdict = 'cheat')`

/**
 * Rows `c` of checks in final intervals that reused the prompt of a video in `due`; not those of cheats,
 * which are evidence.
 */
const CHECKS_OF_DUE = `due JOIN inference_requests q ON q.id = due.inference_id
       JOIN intervals i ON i.netuid = $1 AND i.verifier = $2 AND i.phase IN ${FINAL}
       WHERE c.netuid = $1 AND c.verifier = $2 AND c.prompt_sha256 = q.prompt_sha256 AND c.n = i.n
         AND NOT EXISTS (SELECT FROM verdicts v WHERE v.request_id = c.request_id AND v.verdict = 'cheat')`

const OURS = 'r.netuid = $1 AND r.verifier = $2'

/**
 * Deletes MP4s and thumbnails that have expired: they can no longer be requested. It waits an hour longer, by
 * the ledger's clock, because an API's clock may be behind.
 * @param most maximum number of files
 * @returns how many
 */
export async function deleteExpiredContents(
  db: Queryable,
  id: VerifierId,
  most: number,
): Promise<number> {
  return db.execute(
    `DELETE FROM contents WHERE (job_id, variant) IN (
       SELECT c.job_id, c.variant FROM contents c JOIN jobs j ON j.id = c.job_id JOIN inference_requests r ON r.id = j.inference_id
       WHERE ${OURS} AND j.expires_at < now() - interval '1 hour'
       ORDER BY c.created_at LIMIT $3 FOR UPDATE OF c SKIP LOCKED)`,
    [id.netuid, id.verifier, most],
  )
}

/**
 * Removes the frames of videos that their owners deleted, which were kept only while they might be judged.
 * @param most maximum number of videos
 * @returns how many
 */
export async function removeDeletedFrames(
  db: Queryable,
  id: VerifierId,
  most: number,
): Promise<number> {
  return db.execute(
    `WITH due AS (
       SELECT j.id, r.id AS inference_id FROM jobs j JOIN inference_requests r ON r.id = j.inference_id
       WHERE ${OURS} AND j.deleted_at IS NOT NULL AND j.frames_gone_at IS NULL AND j.completed_at IS NOT NULL
         AND ${NO_JUDGING_NEEDS}
       ORDER BY j.deleted_at LIMIT $3 FOR NO KEY UPDATE OF j SKIP LOCKED
     ), gone AS (
       DELETE FROM frames f USING attempts a, due WHERE a.inference_id = due.inference_id AND f.request_id = a.request_id
     )
     UPDATE jobs SET frames_gone_at = now() FROM due WHERE jobs.id = due.id`,
    [id.netuid, id.verifier, most],
  )
}

/**
 * Prunes videos that ended at least `days` ago: their files, frames and prompts, including the prompts in the
 * requests sent to provers and in checks that reused them. Hashes and signatures stay: counts and records
 * depend on them.
 * @param most maximum number of videos
 * @returns how many
 */
export async function pruneVideos(
  db: Queryable,
  id: VerifierId,
  days: number,
  most: number,
): Promise<number> {
  return db.execute(
    `WITH due AS (
       SELECT j.id, r.id AS inference_id FROM jobs j JOIN inference_requests r ON r.id = j.inference_id
       WHERE ${OURS} AND j.forgotten_at IS NULL AND j.completed_at < now() - make_interval(days => $4)
         AND ${NO_JUDGING_NEEDS}
       ORDER BY j.completed_at LIMIT $3 FOR NO KEY UPDATE OF j SKIP LOCKED
     ), files AS (
       DELETE FROM contents c USING due WHERE c.job_id = due.id
     ), pictures AS (
       DELETE FROM frames f USING attempts a, due WHERE a.inference_id = due.inference_id AND f.request_id = a.request_id
     ), sent AS (
       UPDATE attempts a SET body = '' FROM due WHERE a.inference_id = due.inference_id
     ), checks AS (
       UPDATE attempts c SET body = '', prompt_sha256 = NULL FROM ${CHECKS_OF_DUE}
     ), planned AS (
       UPDATE plan_items c SET body = '', prompt_sha256 = NULL FROM ${CHECKS_OF_DUE}
     ), asked AS (
       UPDATE inference_requests q SET prompt = '', negative_prompt = '', prompt_sha256 = NULL
       FROM due WHERE q.id = due.inference_id
     )
     UPDATE jobs SET forgotten_at = now(), frames_gone_at = coalesce(frames_gone_at, now()) FROM due WHERE jobs.id = due.id`,
    [id.netuid, id.verifier, most, days],
  )
}

/**
 * Removes frames of the challenges and wide requests of one interval that was closed at least `days` ago,
 * except those of cheats, which stay as long as the verdict does.
 * @param most maximum number of requests
 * @returns whether there was such an interval: then there may be more to do
 */
export async function removeChallengeFrames(
  db: Database,
  id: VerifierId,
  days: number,
  most: number,
): Promise<boolean> {
  return db.tx(async (tx) => {
    const of = 'netuid = $1 AND verifier = $2 AND n = $3'
    const [old] = await tx.query<{ n: number }>(
      `SELECT n FROM intervals WHERE netuid = $1 AND verifier = $2 AND frames_gone_at IS NULL
         AND phase IN ${FINAL} AND closed_at < now() - make_interval(days => $3)
       ORDER BY closed_at, n LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED`,
      [id.netuid, id.verifier, days],
    )
    if (old === undefined) return false
    const removed = await tx.execute(
      `DELETE FROM frames WHERE request_id IN (
         SELECT request_id FROM attempts a WHERE ${of} AND kind <> 'inference'
           AND EXISTS (SELECT FROM frames f WHERE f.request_id = a.request_id)
           AND NOT EXISTS (SELECT FROM verdicts v WHERE v.request_id = a.request_id AND v.verdict = 'cheat')
         LIMIT $4)`,
      [id.netuid, id.verifier, old.n, most],
    )
    if (removed > 0) return true
    await tx.execute(`UPDATE intervals SET frames_gone_at = now() WHERE ${of}`, [
      id.netuid,
      id.verifier,
      old.n,
    ])
    return true
  })
}

/**
 * Prunes the oldest interval that is final, public and older than `days`: record, verdicts, plan, ground
 * truths and challenges, and the evidence of its cheats.
 * @param days at least 30
 * @returns its number; null if there is none
 */
export async function pruneInterval(
  db: Queryable,
  id: VerifierId,
  days: number,
): Promise<number | null> {
  const [row] = await db.query<{ n: number | null }>('SELECT forget_interval($1, $2, $3) AS n', [
    id.netuid,
    id.verifier,
    days,
  ])
  return row!.n
}
