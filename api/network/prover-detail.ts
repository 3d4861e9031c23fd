import { intervalByN, profileInForce } from '../../ledger/intervals/intervals.js'
import { provenOf } from '../../ledger/intervals/share-columns.js'
import { shownThrough } from '../../ledger/intervals/shown.js'
import { currentCertificates } from '../../ledger/judging/certificates.js'
import type { VerdictRow } from '../../ledger/judging/verdicts.js'
import {
  type ProverOverviewRow,
  proversOverview,
  tierHistory,
} from '../../ledger/provers/network.js'
import {
  checkedAnswers,
  type ProverCheckCursor,
  type ProverHistoryRow,
  proverChecks,
  proverHistory,
} from '../../ledger/provers/prover-detail.js'
import { routingOverview, settledSinceCheat } from '../../ledger/provers/routing.js'
import { DETECTION_CONFIDENCE_PERMILLE, detectionOf } from '../../rules/explain/detection.js'
import { explainScore } from '../../rules/explain/explain-score.js'
import { explainTier } from '../../rules/explain/explain-tier.js'
import { moveReasonText } from '../../rules/explain/move-reasons.js'
import { whyTier } from '../../rules/explain/why-tier.js'
import { type MechanismProfile, PRODUCTION_PROFILE } from '../../rules/profile.js'
import { REASONS } from '../../rules/verdicts.js'
import type { ApiDeps } from '../deps.js'
import { routingObjects } from './prover-routing.js'
import type { ProverDetail } from './prover-schema.js'
import { proverObject } from './provers.js'
import { iso, isoOrNull, provenObject } from './schema.js'

const HISTORY_INTERVALS = 200
const MOVES_SHOWN = 100
const CHECKS_SHOWN = 50
/** About as far back as a score remembers: 1 / alpha. */
const DETECTION_INTERVALS = 20

type Deps = Pick<ApiDeps, 'db' | 'verifierId' | 'now'>

/** Everything there is to say about one prover; null for a hotkey that was never registered. */
export async function proverDetail(
  deps: Deps,
  hotkey: string,
  after: ProverCheckCursor | null,
): Promise<ProverDetail | null> {
  const { db, verifierId: id } = deps
  const throughN = await shownThrough(db, id)
  const rows = await proversOverview(db, id, { hotkey, throughN })
  const row = presentOne(rows)
  if (row === null) return null
  // One check more than is shown tells whether there are more.
  const page = { throughN, after, limit: CHECKS_SHOWN + 1 }
  const moved = { hotkey, registeredBlock: row.registeredBlock, throughN, limit: MOVES_SHOWN }
  const [history, moves, checks, facts, certificates, checked, profile, sinceCheat] =
    await Promise.all([
      proverHistory(db, id, row, { throughN, limit: HISTORY_INTERVALS }),
      tierHistory(db, id, moved),
      proverChecks(db, id, row, page),
      routingOverview(db, id, row, throughN),
      currentCertificates(db),
      checkedAnswers(db, id, row, { throughN, last: DETECTION_INTERVALS }),
      profileInForce(db, id),
      settledSinceCheat(db, id, row, throughN),
    ])
  const newest = history[0] ?? null
  const byN = new Map(history.map((each) => [each.n, each]))
  const told = moves.map((move) => ({ ...move, text: moveText(move, byN.get(move.n) ?? null) }))
  return {
    object: 'prover',
    ...id,
    ...proverObject(row),
    ...tierParts(row, newest, profile, told[0] ?? null),
    score: newest && (await scoreObject(deps, newest)),
    history: history.map(historyObject).reverse(),
    moves: told.map(({ n, fromTier, toTier, reason, text, at }) => ({
      n,
      from_tier: fromTier,
      to_tier: toTier,
      reason,
      reason_text: text,
      at: iso(at),
    })),
    ...checkPage(checks),
    ...routingObjects({
      tier: row.tier,
      facts,
      sinceCheat,
      requestsWhenSettled: checked.requestsInNewest,
      certifiedClasses: new Set(certificates.map((each) => each.determinismClass)),
      now: deps.now(),
    }),
    detection: detectionObject(checked),
    earlier_registrations: rows.filter((each) => each !== row).map(earlierObject),
  }
}

/** The registration that the newest interval has, else the last one. */
function presentOne(rows: ProverOverviewRow[]): ProverOverviewRow | null {
  const byAge = [...rows].sort((a, b) => b.registeredBlock - a.registeredBlock)
  return byAge.find((row) => row.present) ?? byAge[0] ?? null
}

function tierParts(
  row: ProverOverviewRow,
  newest: ProverHistoryRow | null,
  profile: MechanismProfile | null,
  lastMove: Parameters<typeof whyTier>[1]['lastMove'],
): Pick<ProverDetail, 'why' | 'this_tier' | 'next_tier' | 'fast_return'> {
  const nothing = { requestAttempts: 0, requestSuccesses: 0, checksJudged: 0, checksPassed: 0 }
  const counts = newest ?? { ...nothing, cheats: 0 }
  const caught = { cheats: row.totalCheats, lastN: row.lastCheatN }
  const { tier, totalSuccesses, validationsSinceMove, fastReturn } = row
  const standing = { tier, totalSuccesses, validationsSinceMove, fastReturn }
  const explained = explainTier({ ...standing, counts, caught }, profile ?? PRODUCTION_PROFILE)
  return {
    why: whyTier(explained, { settledN: newest?.n ?? null, lastMove, caught }),
    this_tier: explained.thisTier,
    next_tier: explained.nextTier,
    fast_return: explained.fastReturn,
  }
}

/** @param found of the move's interval; null when it is older than what is shown */
function moveText(
  move: Parameters<typeof moveReasonText>[0],
  found: ProverHistoryRow | null,
): string {
  const tiersRule = found?.tiersRule ?? null
  return moveReasonText(
    move,
    found === null || tiersRule === null ? null : { counts: found, tiersRule },
  )
}

async function scoreObject(
  { db, verifierId: id }: Deps,
  row: ProverHistoryRow,
): Promise<ProverDetail['score']> {
  const interval = await intervalByN(db, id, row.n)
  const alphaPpm = (interval?.profile ?? PRODUCTION_PROFILE).movingAverageAlphaPpm
  const explained = explainScore({
    ...row,
    proven: provenOf(row),
    tier: row.tierBefore,
    alphaPpm,
  })
  return {
    score_ppm: row.scoreAfter,
    before_ppm: row.scoreBefore,
    observation_ppm: row.observationPpm,
    mean_reward_ppm: row.meanRewardPpm,
    ...provenObject(row),
    tier_factor_ppm: explained.tierFactorPpm,
    alpha_ppm: alphaPpm,
    text: explained.text,
  }
}

function historyObject(row: ProverHistoryRow): ProverDetail['history'][number] {
  return {
    n: row.n,
    settled_at: isoOrNull(row.settledAt),
    tier: row.tierAfter,
    score_ppm: row.scoreAfter,
    observation_ppm: row.observationPpm,
    ...provenObject(row),
    request_attempts: row.requestAttempts,
    request_successes: row.requestSuccesses,
    checks_judged: row.checksJudged,
    checks_passed: row.checksPassed,
    cheats: row.cheats,
    total_successes: row.totalAfter,
  }
}

function checkPage(rows: VerdictRow[]): Pick<ProverDetail, 'verdicts' | 'verdicts_next'> {
  const shown = rows.slice(0, CHECKS_SHOWN)
  const last = rows.length > CHECKS_SHOWN ? shown.at(-1)! : null
  return {
    verdicts: shown.map((row) => ({
      interval: row.n,
      request_id: row.requestId,
      kind: row.kind,
      verdict: row.verdict,
      reason: row.reason,
      reason_text: REASONS[row.reason],
      reward_ppm: row.rewardPpm,
      evidence_sha256: row.evidenceSha256,
      decided_at: iso(row.decidedAt),
    })),
    verdicts_next: last && `${last.n}.${last.requestId}.${last.kind}`,
  }
}

function detectionObject(
  checked: Awaited<ReturnType<typeof checkedAnswers>>,
): ProverDetail['detection'] {
  const found = detectionOf(checked)
  return {
    answers: found.answers,
    full_checks: found.fullChecks,
    spot_checks: found.spotChecks,
    confidence_permille: DETECTION_CONFIDENCE_PERMILLE,
    smallest_share_ppm: found.smallestSharePpm,
    smallest_share_full_ppm: found.smallestShareFullPpm,
    full_check_us: checked.fullCheckUs,
    spot_check_us: checked.spotCheckUs,
    text: `${found.text} Counted are the last ${checked.intervals} settled intervals.`,
    window_intervals: checked.intervals,
  }
}

function earlierObject(row: ProverOverviewRow): ProverDetail['earlier_registrations'][number] {
  return {
    registered_block: row.registeredBlock,
    tier: row.tier,
    score_ppm: row.scorePpm,
    total_successes: row.totalSuccesses,
    last_settled_interval: row.settledN,
  }
}
