import type { PublicInterval } from '../../ledger/intervals/interval-views.js'
import { HIDDEN_BECAUSE } from '../../ledger/intervals/shown.js'
import type { VerdictRow } from '../../ledger/judging/verdicts.js'
import { missedText } from '../../rules/explain/missed-causes.js'
import { moveReasonText } from '../../rules/explain/move-reasons.js'
import { REASONS } from '../../rules/verdicts.js'
import { intervalLink } from '../../temporal/ui-links.js'
import type { ApiDeps } from '../deps.js'
import type { IntervalDetailObject } from './interval-schema.js'
import { commitmentObject } from './intervals.js'
import { checkCursor, iso, isoOrNull, provenObject, rate } from './schema.js'

/** Checks in one answer. */
export const CHECKS_SHOWN = 200

function checkObject(row: VerdictRow) {
  return {
    request_id: row.requestId,
    hotkey: row.hotkey,
    kind: row.kind,
    verdict: row.verdict,
    reason: row.reason,
    reason_text: REASONS[row.reason],
    reward_ppm: row.rewardPpm,
    detail: row.detail,
    decided_at: iso(row.decidedAt),
  }
}

/** The rounds of a plan, in order. */
function roundsOf(plan: PublicInterval['plan']) {
  if (plan === null) return null
  const rounds = new Map<number, { round: number; moment_block: number; requests: number }>()
  for (const { round, momentBlock } of plan) {
    const known = rounds.get(round) ?? { round, moment_block: momentBlock, requests: 0 }
    rounds.set(round, { ...known, requests: known.requests + 1 })
  }
  return [...rounds.values()]
}

function moveText(
  { interval, scores }: Pick<PublicInterval, 'interval' | 'scores'>,
  move: PublicInterval['moves'][number],
): string {
  const counts = scores.find(({ uid, hotkey }) => uid === move.uid && hotkey === move.hotkey)
  const { profile } = interval
  return moveReasonText(
    move,
    counts === undefined || profile === null ? null : { counts, tiersRule: profile.tiersRule },
  )
}

function scoreObject(row: PublicInterval['scores'][number]) {
  return {
    uid: row.uid,
    hotkey: row.hotkey,
    tier_before: row.tierBefore,
    tier_after: row.tierAfter,
    move_reason: row.moveReason,
    request_success_rate: rate(row.requestSuccesses, row.requestAttempts),
    request_attempts: row.requestAttempts,
    request_successes: row.requestSuccesses,
    validation_success_rate: rate(row.checksPassed, row.checksJudged),
    checks_judged: row.checksJudged,
    checks_passed: row.checksPassed,
    cheats: row.cheats,
    total_successes_before: row.totalBefore,
    total_successes_after: row.totalAfter,
    observation_ppm: row.observationPpm,
    wide_slots: row.wideSlots,
    wide_kept: row.wideKept,
    offered: row.offered,
    accepted: row.accepted,
    ...provenObject(row),
    score_before_ppm: row.scoreBefore,
    score_after_ppm: row.scoreAfter,
  }
}

function weightsObject(weights: PublicInterval['weights']) {
  return (
    weights && {
      kind: weights.kind,
      state: weights.state,
      reason: weights.reason,
      uids: weights.uids && [...weights.uids],
      values_u16: weights.values && [...weights.values],
      commit_block: weights.commitBlock,
      reveal_first_block: weights.revealFirst,
      reveal_last_block: weights.revealLast,
      included_block: weights.includedBlock,
      included_hash: weights.includedHash,
      read_back_ok: weights.readBackOk,
    }
  )
}

const STOPPED_UNTOLD =
  'its workflow has stopped and could not note why here: the ledger was away, or an operator ended it'

/**
 * One interval. Until it may be shown its plan and verdicts are null.
 * @param found with one check more than is shown when there are more
 * @param stopped its workflow has ended although the interval is not final
 */
export function intervalDetail(
  deps: ApiDeps,
  found: PublicInterval,
  { recordPublic, stopped }: { recordPublic: boolean; stopped: boolean },
): IntervalDetailObject {
  const { interval, record, hidden } = found
  const failure = interval.failure ?? (stopped ? STOPPED_UNTOLD : null)
  const checks = found.checks?.slice(0, CHECKS_SHOWN) ?? null
  const last = checks?.at(-1)
  const hasMore = last !== undefined && found.checks!.length > CHECKS_SHOWN
  const failed = failure !== null
  const missed = interval.phase === 'missed'
  return {
    object: 'interval',
    ...deps.verifierId,
    n: interval.n,
    first_block: interval.firstBlock,
    last_block: interval.firstBlock + interval.length - 1,
    first_block_hash: interval.firstBlockHash,
    phase: interval.phase,
    failure,
    failed,
    retryable: failed,
    missed_because: interval.missedBecause,
    missed_because_text: missed ? missedText(interval.missedBecause) : null,
    // Of one that was missed no workflow was ever started.
    temporal_url: missed ? null : intervalLink(deps, interval.n),
    hidden_because: hidden,
    hidden_because_text: hidden && HIDDEN_BECAUSE[hidden],
    profile: interval.profile?.name ?? null,
    commitment: commitmentObject(found.commitment),
    opened_after: interval.openedAfter,
    announced_at: iso(interval.announcedAt),
    opened_at: isoOrNull(interval.openedAt),
    closed_at: isoOrNull(interval.closedAt),
    settled_at: isoOrNull(interval.settledAt),
    // Never opened: there were none, which is not that none of them took place.
    rounds: interval.openedAt === null ? null : roundsOf(found.plan),
    plan:
      found.plan?.map((item) => ({
        round: item.round,
        k: item.k,
        hotkey: item.hotkey,
        request_id: item.requestId,
        moment_block: item.momentBlock,
        body_sha256: item.bodySha256,
      })) ?? null,
    verdicts: checks?.map(checkObject) ?? null,
    verdicts_next: hasMore ? checkCursor(last) : null,
    scores: found.scores.map(scoreObject),
    moves: found.moves.map((row) => ({
      uid: row.uid,
      hotkey: row.hotkey,
      from_tier: row.fromTier,
      to_tier: row.toTier,
      reason: row.reason,
      reason_text: moveText(found, row),
      at: iso(row.at),
    })),
    weights: weightsObject(found.weights),
    record: record && {
      hash: record.hash,
      previous_hash: record.previousHash,
      signature: record.signature,
      signed_at: isoOrNull(record.signedAt),
      public: recordPublic,
      expired: record.expired,
    },
  }
}
