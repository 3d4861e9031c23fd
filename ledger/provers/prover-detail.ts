import type { MechanismProfile } from '../../rules/profile.js'
import type { ProverKey, ShareCounts } from '../../rules/settle/settlement.js'
import type { Tier } from '../../rules/tiers.js'
import type { Queryable } from '../database.js'
import { tiersRuleSchema } from '../intervals/profile-schema.js'
import { SHARE_NAMES, type StoredCapacity } from '../intervals/share-columns.js'
import { jsonRows } from '../json-rows.js'
import {
  type CheckCursor,
  queryVerdicts,
  VERDICT_COLUMNS,
  type VerdictRow,
} from '../judging/verdicts.js'
import { firstOrNull } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'

/** $1 to $4: one registration of a hotkey. */
const OF = 'netuid = $1 AND verifier = $2 AND hotkey = $3 AND registered_block = $4'

function of(id: VerifierId, { hotkey, registeredBlock }: ProverKey): unknown[] {
  return [id.netuid, id.verifier, hotkey, registeredBlock]
}

/** A prover's results in one settled interval. */
export interface ProverHistoryRow extends ShareCounts, StoredCapacity {
  n: number
  settledAt: Date | null
  tierBefore: Tier
  tierAfter: Tier
  /** The rule the interval was settled by; null if it has no profile. */
  tiersRule: MechanismProfile['tiersRule'] | null
  requestAttempts: number
  requestSuccesses: number
  checksJudged: number
  checksPassed: number
  cheats: number
  totalAfter: number
  /** Also null if an older version settled it. */
  meanRewardPpm: number | null
  observationPpm: number | null
  scoreBefore: number
  scoreAfter: number
}

const queryHistory = jsonRows<ProverHistoryRow>('intervals', (row) => row.n, {
  tiersRule: tiersRuleSchema.nullable(),
})

/** Newest first, intervals after `throughN` left out. */
export async function proverHistory(
  db: Queryable,
  id: VerifierId,
  prover: ProverKey,
  { throughN, limit }: { throughN: number; limit: number },
): Promise<ProverHistoryRow[]> {
  return queryHistory(
    db,
    `SELECT n, i.settled_at, tier_before, tier_after, i.profile->>'tiersRule' AS tiers_rule, request_attempts, request_successes, checks_judged,
       checks_passed, cheats, total_after, mean_reward_ppm, observation_ppm, ${SHARE_NAMES}, score_before, score_after
     FROM scores JOIN intervals i USING (netuid, verifier, n)
     WHERE ${OF} AND n <= $5 ORDER BY n DESC LIMIT $6`,
    [...of(id, prover), throughN, limit],
  )
}

/** A page of a prover's checks begins after this one. */
export type ProverCheckCursor = CheckCursor & { n: number }

/** A prover's checks, newest first, without those of intervals after `throughN`. */
export async function proverChecks(
  db: Queryable,
  id: VerifierId,
  prover: ProverKey,
  { throughN, after, limit }: { throughN: number; after: ProverCheckCursor | null; limit: number },
): Promise<VerdictRow[]> {
  return queryVerdicts(
    db,
    `SELECT ${VERDICT_COLUMNS} FROM verdicts
     WHERE ${OF} AND n <= $5 AND ($6::integer IS NULL OR (decided_at, request_id, kind) < (
       SELECT decided_at, request_id, kind FROM verdicts
       WHERE netuid = $1 AND verifier = $2 AND n = $6 AND request_id = $7::uuid AND kind = $8))
     ORDER BY decided_at DESC, request_id DESC, kind DESC LIMIT $9`,
    [
      ...of(id, prover),
      throughN,
      after?.n ?? null,
      after?.requestId ?? null,
      after?.kind ?? null,
      limit,
    ],
  )
}

export interface CheckedAnswersRow {
  /** Number of settled intervals covered. */
  intervals: number
  /** The prover's answers in them. */
  answers: number
  /** Of these, the ones recomputed in full: challenges and audits with verdict `pass` or `cheat`. */
  fullChecks: number
  /** Of the others, those whose spot check has verdict `pass` or `cheat`. */
  spotChecks: number
  /** Average measured GPU time of one; null if there was none. */
  fullCheckUs: number | null
  spotCheckUs: number | null
  /** Attempts at users' requests in the newest of these intervals; 0 if there is none. */
  requestsInNewest: number
}

/**
 * What was checked of a prover's answers in the last settled intervals, those after `throughN` left out.
 * @param looked.last how many
 */
export async function checkedAnswers(
  db: Queryable,
  id: VerifierId,
  prover: ProverKey,
  { throughN, last }: { throughN: number; last: number },
): Promise<CheckedAnswersRow> {
  const row = firstOrNull(
    await db.query<CheckedAnswersRow>(
      `WITH lately AS (
         SELECT n FROM intervals WHERE netuid = $1 AND verifier = $2 AND phase = 'settled' AND n <= $6 ORDER BY n DESC LIMIT $5
       ), mine AS (
         SELECT n, kind, request_id, outcome FROM attempts WHERE ${OF} AND n IN (SELECT n FROM lately)
       ), checked AS (
         SELECT request_id, bool_or(kind IN ('challenge', 'audit')) AS in_full FROM verdicts
         WHERE n <= $6 AND request_id IN (SELECT request_id FROM mine WHERE outcome = 'success')
           AND kind IN ('challenge', 'audit', 'spotcheck') AND verdict IN ('pass', 'cheat')
         GROUP BY request_id
       )
       SELECT (SELECT count(*) FROM lately)::integer AS intervals,
         (count(*) FILTER (WHERE outcome = 'success'))::integer AS answers,
         (SELECT count(*) FROM checked WHERE in_full)::integer AS full_checks,
         (SELECT count(*) FROM checked WHERE NOT in_full)::integer AS spot_checks,
         (SELECT avg(g.elapsed_us) FROM ground_truths g JOIN checked USING (request_id))::bigint AS full_check_us,
         (SELECT avg(s.elapsed_us) FROM spot_checks s JOIN checked USING (request_id))::bigint AS spot_check_us,
         (count(*) FILTER (WHERE kind = 'inference' AND outcome IS NOT NULL
           AND n = (SELECT max(n) FROM lately)))::integer AS requests_in_newest
       FROM mine`,
      [...of(id, prover), last, throughN],
    ),
  )
  return row!
}
