import type { MissedCause } from '../../rules/explain/missed-causes.js'
import type { Queryable } from '../database.js'
import { type CheckCursor, checksPage, type VerdictRow, verdictsOf } from '../judging/verdicts.js'
import { type MoveRow, tierHistory } from '../provers/network.js'
import type { VerifierId } from '../verifier-id.js'
import { FINAL_PHASES, type IntervalPhase, type IntervalRow, intervalByN } from './intervals.js'
import { type RevealedPlanItem, revealedPlan } from './plans.js'
import { type RecordRow, recordOf } from './records.js'
import { type CommitmentRow, commitmentOf } from './secrets.js'
import { type ScoreRow, scoresOf } from './settlement.js'
import { type HiddenBecause, hiddenBecause, shownThrough } from './shown.js'
import { type WeightSetKind, type WeightSetRow, type WeightSetState, weightSet } from './weights.js'

/** One row in the list of intervals. */
export interface IntervalOverviewRow {
  n: number
  firstBlock: number
  length: number
  phase: IntervalPhase
  failure: string | null
  missedBecause: MissedCause | null
  openedAt: Date | null
  settledAt: Date | null
  provers: number
  commitmentSha256: string | null
  commitmentSignature: string | null
  /** Challenges, audits and spot checks that have a verdict. */
  checks: number
  passes: number
  cheats: number
  fails: number
  /** Attempts at users' requests with an outcome. */
  requests: number
  requestSuccesses: number
  moves: number
  weightsKind: WeightSetKind | null
  weightsState: WeightSetState | null
  recordHash: string | null
}

/** Newest first. @param options.before only those with a smaller n */
export async function intervalsOverview(
  db: Queryable,
  id: VerifierId,
  { limit, before }: { limit: number; before?: number },
): Promise<IntervalOverviewRow[]> {
  return db.query(
    `SELECT i.n, i.first_block, i.length, i.phase, i.failure, i.missed_because, i.opened_at, i.settled_at,
       (SELECT count(*) FROM interval_provers p WHERE (p.netuid, p.verifier, p.n) = ($1, $2, i.n))::integer AS provers,
       v.checks, v.passes, v.cheats, v.fails, a.requests, a.request_successes,
       (SELECT count(*) FROM tier_history h WHERE (h.netuid, h.verifier, h.n) = ($1, $2, i.n))::integer AS moves,
       w.kind AS weights_kind, w.state AS weights_state, r.hash AS record_hash,
       c.commitment_sha256, c.commitment_signature
     FROM intervals i
     LEFT JOIN weight_sets w USING (netuid, verifier, n)
     LEFT JOIN records r USING (netuid, verifier, n)
     LEFT JOIN interval_secrets c USING (netuid, verifier, n)
     CROSS JOIN LATERAL (
       SELECT count(*)::integer AS checks, (count(*) FILTER (WHERE verdict = 'pass'))::integer AS passes,
         (count(*) FILTER (WHERE verdict = 'cheat'))::integer AS cheats,
         (count(*) FILTER (WHERE verdict = 'fail'))::integer AS fails
       FROM verdicts WHERE netuid = $1 AND verifier = $2 AND n = i.n AND kind <> 'answer'
     ) v
     CROSS JOIN LATERAL (
       SELECT count(*)::integer AS requests,
         (count(*) FILTER (WHERE outcome = 'success'))::integer AS request_successes
       FROM attempts WHERE netuid = $1 AND verifier = $2 AND n = i.n AND kind = 'inference' AND outcome IS NOT NULL
     ) a
     WHERE i.netuid = $1 AND i.verifier = $2 AND ($3::integer IS NULL OR i.n < $3)
     ORDER BY i.n DESC LIMIT $4`,
    [id.netuid, id.verifier, before ?? null, limit],
  )
}

/** A prover moves at most once per interval, and a subnet has no more provers than this. */
const MAX_MOVES = 1_000

export interface IntervalDetail {
  interval: IntervalRow
  /** Null until the interval is settled, lapsed or missed: until then it is secret which provers it asks. */
  plan: RevealedPlanItem[] | null
  verdicts: VerdictRow[]
  scores: ScoreRow[]
  moves: MoveRow[]
  weights: WeightSetRow | null
  record: RecordRow | null
}

/** All there is to say of one interval to its verifier's operator; null when it is not recorded. */
export async function intervalDetail(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<IntervalDetail | null> {
  const interval = await intervalByN(db, id, n)
  if (interval === null) return null
  const record = await recordOf(db, id, n)
  return {
    interval,
    plan: FINAL_PHASES.includes(interval.phase) ? await revealedPlan(db, id, n) : null,
    verdicts: await verdictsOf(db, id, n),
    scores: await scoresOf(db, id, n),
    moves: await tierHistory(db, id, { n, limit: MAX_MOVES }),
    weights: await weightSet(db, id, n),
    record,
  }
}

/** Weights with their vector, once everybody may see it. */
export type PublicWeights = Omit<WeightSetRow, 'uids' | 'values'> & {
  uids: readonly number[] | null
  values: readonly number[] | null
}

/** An interval as the public sees it. */
export interface PublicInterval extends Omit<IntervalDetail, 'verdicts' | 'weights'> {
  weights: PublicWeights | null
  commitment: CommitmentRow | null
  /** Why nothing is told of what it found; null: all of it is. */
  hidden: HiddenBecause | null
  /** A page of its checks; null, as the plan is, until it may be shown. */
  checks: VerdictRow[] | null
}

/**
 * What is public of one interval: until it may be shown its course only, and nothing of what it found is
 * read. Null when it is not recorded.
 * @param page which of its checks
 */
export async function publicInterval(
  db: Queryable,
  id: VerifierId,
  n: number,
  page: { after: CheckCursor | null; limit: number },
): Promise<PublicInterval | null> {
  // First: what settles meanwhile is not shown by it.
  const through = await shownThrough(db, id)
  const interval = await intervalByN(db, id, n)
  if (interval === null) return null
  const commitment = await commitmentOf(db, id, n)
  const hidden = hiddenBecause(interval, through)
  if (hidden !== null) {
    const isFinal = hidden !== 'not_final'
    const weights = isFinal ? await weightSet(db, id, n) : null
    return {
      interval,
      commitment,
      hidden,
      ...{ plan: null, checks: null, scores: [], moves: [] },
      // How far they are, and not what they are.
      weights: weights && { ...weights, uids: null, values: null, input: null },
      record: isFinal ? await recordOf(db, id, n) : null,
    }
  }
  const record = await recordOf(db, id, n)
  return {
    interval,
    commitment,
    hidden,
    plan: await revealedPlan(db, id, n),
    checks: await checksPage(db, id, n, page),
    scores: await scoresOf(db, id, n),
    moves: await tierHistory(db, id, { n, limit: MAX_MOVES }),
    weights: await weightSet(db, id, n),
    record,
  }
}
