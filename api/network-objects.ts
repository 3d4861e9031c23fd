import {
  FINAL_PHASES,
  type IntervalOverviewRow,
  type PublicInterval,
} from '../ledger/interval-views.js'
import type { ProverOverviewRow, TierOverviewRow } from '../ledger/network.js'
import type { CommitmentRow } from '../ledger/secrets.js'
import type { VerdictRow } from '../ledger/verdicts.js'
import {
  PROMOTION_VALIDATIONS,
  TIER_FACTOR_PPM,
  TIER_RATE_PERMILLE,
  TIER_REQUEST_LIMIT,
} from '../rules/constants.js'
import type { MechanismProfile } from '../rules/profile.js'
import { TIERS } from '../rules/tiers.js'
import { REASONS } from '../rules/verdicts.js'

/** `97.3 %`, or null where nothing was counted. */
function rate(part: number | null, whole: number | null): string | null {
  return part === null || whole === null || whole === 0
    ? null
    : `${Number(((100 * part) / whole).toFixed(2))} %`
}

/**
 * A prover for everybody's eyes.
 * @param settledN the newest settled interval; verdicts after it stay untold, because a prover that
 * knows it has been checked knows that it will hardly be checked again in this interval
 */
export function proverObject(row: ProverOverviewRow, settledN: number) {
  return {
    uid: row.uid,
    hotkey: row.hotkey,
    coldkey: row.coldkey,
    registered_block: row.registeredBlock,
    tier: row.tier,
    score_ppm: row.scorePpm,
    weight_u16: row.weight,
    total_successes: row.totalSuccesses,
    present: row.present,
    reachable: row.reachable,
    unreachable_reason: row.unreachableReason,
    capacity_requests: row.capacity,
    determinism_class: row.determinismClass,
    first_seen_at: row.firstSeenAt,
    last_settled_interval:
      row.settledN === null
        ? null
        : {
            n: row.settledN,
            request_success_rate: rate(row.requestSuccesses, row.requestAttempts),
            request_attempts: row.requestAttempts,
            request_successes: row.requestSuccesses,
            validation_success_rate: rate(row.checksPassed, row.checksJudged),
            checks_judged: row.checksJudged,
            checks_passed: row.checksPassed,
            cheats: row.cheats,
            observation_ppm: row.observationPpm,
          },
    last_verdicts: row.lastVerdicts
      .filter(({ n }) => n <= settledN)
      .map(({ n, kind, verdict, reason, decidedAt }) => ({
        interval: n,
        kind,
        verdict,
        reason,
        reason_text: REASONS[reason],
        decided_at: decidedAt,
      })),
  }
}

/**
 * The tiers from the best, with what each asks for.
 * @param profile the one in force, as the newest opened interval recorded it; null before the first
 */
export function tierObjects(rows: TierOverviewRow[], profile: MechanismProfile | null) {
  return TIERS.map((tier) => {
    const row = rows.find((found) => found.tier === tier)
    const permille = TIER_RATE_PERMILLE[tier]
    const minimumRate = permille === null ? null : `${permille / 10} %`
    return {
      tier,
      provers: row?.provers ?? 0,
      score_ppm_sum: row?.scorePpm ?? 0,
      requirements: {
        request_success_rate_minimum: minimumRate,
        validation_success_rate_minimum: minimumRate,
        total_successes_minimum: profile?.tierMinimums[tier] ?? null,
        passed_validations_since_last_move_minimum: tier === 'bronze' ? 0 : PROMOTION_VALIDATIONS,
      },
      reward_factor_ppm: TIER_FACTOR_PPM[tier],
      requests_per_interval_limit: TIER_REQUEST_LIMIT[tier],
    }
  })
}

/**
 * What the verifier committed to before the interval began: the signed text is `fractal-commit/1` of
 * formats/commitment.ts. The secret itself comes with the record.
 */
export function commitmentObject(row: CommitmentRow | null) {
  return row === null
    ? null
    : { interval: row.n, secret_sha256: row.secretSha256, signature: row.signature }
}

/** A line of the list. Until the interval is final its checks are null: they would tell what is left. */
export function intervalObject(row: IntervalOverviewRow) {
  const { commitmentSha256: secretSha256, commitmentSignature: signature } = row
  const revealed = FINAL_PHASES.includes(row.phase)
  return {
    n: row.n,
    first_block: row.firstBlock,
    last_block: row.firstBlock + row.length - 1,
    phase: row.phase,
    failure: row.failure,
    opened_at: row.openedAt,
    settled_at: row.settledAt,
    provers: row.provers,
    checks: revealed ? row.checks : null,
    passes: revealed ? row.passes : null,
    cheats: revealed ? row.cheats : null,
    fails: revealed ? row.fails : null,
    request_attempts: row.requests,
    request_successes: row.requestSuccesses,
    moves: row.moves,
    weights: row.weightsKind === null ? null : { kind: row.weightsKind, state: row.weightsState },
    record_hash: row.recordHash,
    commitment: commitmentObject(
      secretSha256 === null || signature === null ? null : { n: row.n, secretSha256, signature },
    ),
  }
}

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
    decided_at: row.decidedAt,
  }
}

/**
 * One interval. Until it is final its plan and verdicts are null: they would tell provers what is left.
 * @param next what to ask for the checks after these; null with the last
 */
export function intervalDetailObject(detail: PublicInterval, next: string | null) {
  const { interval, weights, record } = detail
  return {
    n: interval.n,
    first_block: interval.firstBlock,
    last_block: interval.firstBlock + interval.length - 1,
    first_block_hash: interval.firstBlockHash,
    phase: interval.phase,
    failure: interval.failure,
    profile: interval.profile?.name ?? null,
    commitment: commitmentObject(detail.commitment),
    opened_after: interval.openedAfter,
    announced_at: interval.announcedAt,
    opened_at: interval.openedAt,
    closed_at: interval.closedAt,
    settled_at: interval.settledAt,
    plan:
      detail.plan?.map((item) => ({
        round: item.round,
        k: item.k,
        hotkey: item.hotkey,
        request_id: item.requestId,
        moment_block: item.momentBlock,
        body_sha256: item.bodySha256,
      })) ?? null,
    verdicts: detail.checks?.map(checkObject) ?? null,
    verdicts_next: next,
    scores: detail.scores.map((row) => ({
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
      speed_factor_ppm: row.speedPpm,
      score_before_ppm: row.scoreBefore,
      score_after_ppm: row.scoreAfter,
    })),
    moves: detail.moves.map((row) => ({
      uid: row.uid,
      hotkey: row.hotkey,
      from_tier: row.fromTier,
      to_tier: row.toTier,
      reason: row.reason,
      at: row.at,
    })),
    weights:
      weights === null
        ? null
        : {
            kind: weights.kind,
            state: weights.state,
            reason: weights.reason,
            uids: weights.uids,
            values_u16: weights.values,
            included_block: weights.includedBlock,
            included_hash: weights.includedHash,
            read_back_ok: weights.readBackOk,
          },
    record:
      record === null
        ? null
        : {
            hash: record.hash,
            previous_hash: record.previousHash,
            signature: record.signature,
            signed_at: record.signedAt,
          },
  }
}
