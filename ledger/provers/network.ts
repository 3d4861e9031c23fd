import { z } from 'zod'
import type { StoredMoveReason } from '../../rules/explain/move-reasons.js'
import { newProverState, type ProverKey } from '../../rules/settle/settlement.js'
import type { Tier } from '../../rules/tiers.js'
import { REASONS, type Reason, VERDICTS } from '../../rules/verdicts.js'
import type { Queryable } from '../database.js'
import { jsonRows } from '../json-rows.js'
import { CHECK_KINDS } from '../judging/verdicts.js'
import type { VerifierId } from '../verifier-id.js'

/** The verifiers that the database has rows of. */
export async function verifiers(db: Queryable): Promise<VerifierId[]> {
  return db.query('SELECT netuid, verifier FROM verifiers ORDER BY netuid, verifier')
}

/** A prover as the last settled interval that is looked at left it, with what that one found of it. */
export interface ProverOverviewRow extends ProverKey {
  uid: number
  coldkey: string
  tier: Tier
  scorePpm: number
  totalSuccesses: number
  validationsSinceMove: number
  fastReturn: boolean
  firstSeenAt: Date
  /** Whether the interval that opened last includes it. */
  present: boolean
  reachable: boolean | null
  unreachableReason: string | null
  capacity: number | null
  determinismClass: string | null
  /** The interval of the following counts; null if none was settled with it. */
  settledN: number | null
  requestAttempts: number | null
  requestSuccesses: number | null
  checksJudged: number | null
  checksPassed: number | null
  cheats: number | null
  /** Found in all settled intervals that are looked at. */
  totalCheats: number
  /** The last of them in which one was found; null: none ever was. */
  lastCheatN: number | null
  lastCheatAt: Date | null
  observationPpm: number | null
  /** u16, from the newest weights on the chain; null if it has none. */
  weight: number | null
  lastVerdicts: z.infer<typeof lastVerdict>[]
}

const lastVerdict = z.object({
  n: z.int(),
  kind: z.enum(CHECK_KINDS),
  verdict: z.enum(VERDICTS),
  reason: z.custom<Reason>((value) => typeof value === 'string' && value in REASONS),
  decidedAt: z.string(),
})

const queryOverview = jsonRows<ProverOverviewRow>('provers', (row) => row.hotkey, {
  lastVerdicts: z.array(lastVerdict),
})

/** How many verdicts the overview shows per prover. */
const LAST_VERDICTS = 5

/** Every interval there is. */
const ALL = 2_147_483_647

/**
 * Every registration as the newest settlement up to interval $3 left it; the table `provers` has what the newest one
 * left. $4 to $6: tier, score and totals that everyone begins with.
 */
const STANDINGS = `SELECT p.netuid, p.verifier, p.hotkey, p.registered_block, p.uid, p.coldkey, p.first_seen_at, s.n AS settled_n,
    CASE WHEN later THEN coalesce(s.tier_after, $4::text) ELSE p.tier END AS tier,
    CASE WHEN later THEN coalesce(s.score_after, $5::integer) ELSE p.score_ppm END AS score_ppm,
    CASE WHEN later THEN coalesce(s.total_after, $6::bigint) ELSE p.total_successes END AS total_successes,
    CASE WHEN later THEN coalesce(s.validations_since_move, 0) ELSE p.validations_since_move END AS validations_since_move,
    CASE WHEN later THEN coalesce(s.fast_return, false) ELSE p.fast_return END AS fast_return
  FROM provers p
  CROSS JOIN LATERAL (SELECT coalesce(p.settled_n > $3, false) AS later) t
  LEFT JOIN LATERAL (
    SELECT n, tier_after, score_after, total_after, validations_since_move, fast_return FROM scores
    WHERE netuid = p.netuid AND verifier = p.verifier AND hotkey = p.hotkey AND registered_block = p.registered_block
      AND n <= $3 ORDER BY n DESC LIMIT 1
  ) s ON true
  WHERE p.netuid = $1 AND p.verifier = $2`

function standingsParams(id: VerifierId, throughN: number): unknown[] {
  const nobody = { hotkey: '', registeredBlock: 0, uid: 0 }
  const { tier, scorePpm, totalSuccesses } = newProverState(nobody)
  return [id.netuid, id.verifier, throughN, tier, scorePpm, totalSuccesses]
}

/**
 * All provers that are in the interval that opened last or have a score, by uid and hotkey.
 * @param only.hotkey its registrations alone, present or not
 * @param only.throughN nothing that a later interval found is in it: for whoever is not the operator `shownThrough`
 */
export async function proversOverview(
  db: Queryable,
  id: VerifierId,
  only: { hotkey?: string; throughN?: number } = {},
): Promise<ProverOverviewRow[]> {
  return queryOverview(
    db,
    `WITH opened AS (
       SELECT max(n) AS n FROM intervals WHERE netuid = $1 AND verifier = $2 AND opened_at IS NOT NULL
     ), standings AS (
       ${STANDINGS}
     ), weights AS (
       SELECT uids, values, n FROM weight_sets
       WHERE netuid = $1 AND verifier = $2 AND state IN ('included', 'confirmed') ORDER BY n DESC LIMIT 1
     )
     SELECT p.hotkey, p.registered_block, coalesce(i.uid, p.uid) AS uid, p.coldkey, p.tier, p.score_ppm,
       p.total_successes, p.validations_since_move, p.fast_return, p.first_seen_at, i.hotkey IS NOT NULL AS present, i.reachable, i.unreachable_reason,
       i.capacity, i.determinism_class, s.n AS settled_n, s.request_attempts, s.request_successes, s.checks_judged,
       s.checks_passed, s.cheats, s.observation_ppm, caught.total_cheats, caught.last_cheat_n,
       (SELECT settled_at FROM intervals WHERE netuid = $1 AND verifier = $2 AND n = caught.last_cheat_n) AS last_cheat_at,
       (SELECT w.values[array_position(w.uids, s.uid)] FROM weights w WHERE i.hotkey IS NOT NULL) AS weight,
       coalesce(v.last, '[]') AS last_verdicts
     FROM standings p
     LEFT JOIN interval_provers i ON i.netuid = p.netuid AND i.verifier = p.verifier
       AND i.n = (SELECT n FROM opened) AND i.hotkey = p.hotkey AND i.registered_block = p.registered_block
     LEFT JOIN scores s ON s.netuid = p.netuid AND s.verifier = p.verifier AND s.n = p.settled_n
       AND s.hotkey = p.hotkey AND s.registered_block = p.registered_block
     CROSS JOIN LATERAL (
       SELECT coalesce(sum(cheats), 0)::integer AS total_cheats, max(n) AS last_cheat_n FROM scores
       WHERE netuid = $1 AND verifier = $2 AND hotkey = p.hotkey AND registered_block = p.registered_block
         AND cheats > 0 AND n <= $3
     ) caught
     CROSS JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_object('n', n, 'kind', kind, 'verdict', verdict, 'reason', reason,
         'decidedAt', decided_at) ORDER BY decided_at DESC, request_id) AS last
       FROM (
         SELECT n, kind, verdict, reason, decided_at, request_id FROM verdicts
         WHERE netuid = $1 AND verifier = $2 AND hotkey = p.hotkey AND registered_block = p.registered_block
           AND n <= $3
         ORDER BY decided_at DESC, request_id LIMIT ${LAST_VERDICTS}
       ) newest
     ) v
     WHERE p.netuid = $1 AND p.verifier = $2
       AND CASE WHEN $7::text IS NULL THEN i.hotkey IS NOT NULL OR p.score_ppm > 0 ELSE p.hotkey = $7 END
     ORDER BY uid, p.hotkey, p.registered_block`,
    [...standingsParams(id, only.throughN ?? ALL), only.hotkey ?? null],
  )
}

export interface TierOverviewRow {
  tier: Tier
  provers: number
  scorePpm: number
}

/**
 * How many of the provers present hold each tier, and their scores' sum; tiers that nobody holds are left out.
 * @param throughN as the settlement of this interval left them
 */
export async function tiersOverview(
  db: Queryable,
  id: VerifierId,
  throughN: number,
): Promise<TierOverviewRow[]> {
  return db.query(
    `SELECT p.tier, count(*)::integer AS provers, sum(p.score_ppm)::bigint AS score_ppm
     FROM (${STANDINGS}) p JOIN interval_provers i USING (netuid, verifier, hotkey, registered_block)
     WHERE i.n = (
       SELECT max(n) FROM intervals WHERE netuid = $1 AND verifier = $2 AND opened_at IS NOT NULL)
     GROUP BY p.tier ORDER BY p.tier`,
    standingsParams(id, throughN),
  )
}

export interface MoveRow extends ProverKey {
  n: number
  uid: number
  fromTier: Tier
  toTier: Tier
  reason: StoredMoveReason
  at: Date
}

/**
 * Promotions and relegations, newest first; of one interval, one hotkey or one registration of it when asked, and none
 * of intervals after `throughN`.
 */
export async function tierHistory(
  db: Queryable,
  id: VerifierId,
  {
    n,
    hotkey,
    registeredBlock,
    throughN = ALL,
    limit,
  }: { n?: number; hotkey?: string; registeredBlock?: number; throughN?: number; limit: number },
): Promise<MoveRow[]> {
  return db.query(
    `SELECT n, hotkey, registered_block, uid, from_tier, to_tier, reason, at FROM tier_history
     WHERE netuid = $1 AND verifier = $2 AND ($3::integer IS NULL OR n = $3)
       AND ($4::text IS NULL OR hotkey = $4) AND ($5::bigint IS NULL OR registered_block = $5) AND n <= $6
     ORDER BY n DESC, uid, hotkey LIMIT $7`,
    [id.netuid, id.verifier, n ?? null, hotkey ?? null, registeredBlock ?? null, throughN, limit],
  )
}
