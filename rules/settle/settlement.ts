import type { MechanismProfile } from '../profile.js'
import type { Tier } from '../tiers.js'
import type { Reason, Verdict } from '../verdicts.js'

/** What makes a prover one: a hotkey registered again starts from nothing. */
export interface ProverKey {
  hotkey: string
  registeredBlock: number
}

/** A prover's standing as the settlement before left it. */
export interface ProverState extends ProverKey {
  /** An attribute of the interval, not of the prover. */
  uid: number
  coldkey: string
  tier: Tier
  /** Counted inference successes and challenge passes, over all intervals. */
  totalSuccesses: number
  scorePpm: number
  /** Passed checks since the last move, or since registration. */
  validationsSinceMove: number
  /** Was Challenger, and fell by downtime only. */
  fastReturn: boolean
  /** Intervals in a row in which it refused more than half. */
  refusedStreak: number
}

/** Where a new registration begins. */
export function newProverState(prover: ProverKey & { uid: number; coldkey: string }): ProverState {
  return {
    hotkey: prover.hotkey,
    registeredBlock: prover.registeredBlock,
    uid: prover.uid,
    coldkey: prover.coldkey,
    tier: 'bronze',
    totalSuccesses: 0,
    scorePpm: 0,
    validationsSinceMove: 0,
    fastReturn: false,
    refusedStreak: 0,
  }
}

/**
 * One check, unique by (requestId, kind). Kind `answer` is what the caller saw itself on a user's
 * request (late, malformed, …); the others are validations.
 */
export interface CheckRow extends ProverKey {
  requestId: string
  kind: 'answer' | 'challenge' | 'audit' | 'spotcheck'
  verdict: Verdict
  reason: Reason
  /** Of a pass: 1000000, or an audit's cosine. Others are paid by their verdict. */
  rewardPpm: number | null
}

/** One attempt at a prover, unique by requestId. */
export interface AnswerRow extends ProverKey {
  requestId: string
  kind: 'challenge' | 'inference'
  /** `neutral`: cancelled, or nobody's fault; `refused`: a free 429. Neither is an attempt. */
  outcome: 'success' | 'failure' | 'neutral' | 'refused'
  reason: Reason
  /** Whether a user's request counts (mechanism.md section 8); a challenge always does. */
  counted: boolean
  /** Whose request it was; null for a challenge. */
  apiKeyId: string | null
  /** steps · frames · width · height */
  work: number
  /** As the caller measured it; null without an answer. */
  elapsedUs: number | null
  /** Unix time. */
  completedAtUs: number
}

/** All requests offered to a prover in the interval, and how many of them it answered with 429. */
export interface OfferRow extends ProverKey {
  offered: number
  refused: number
}

export interface SettlementInput {
  /** The interval's number. */
  n: number
  profile: MechanismProfile
  provers: readonly ProverState[]
  checks: readonly CheckRow[]
  answers: readonly AnswerRow[]
  offers: readonly OfferRow[]
  /** floor(µs · 10^6 / work) of the verifier's class; null while it has none. */
  certifiedUsPerWork: number | null
}

export type MoveReason =
  | 'promoted'
  | 'fast_return'
  | 'cheat'
  | 'rate_missed'
  | 'downtime'
  | 'refusals'

export interface Move {
  from: Tier
  to: Tier
  reason: MoveReason
}

export interface ProverSettlement extends ProverKey {
  uid: number
  tierBefore: Tier
  tierAfter: Tier
  move: Move | null
  requestAttempts: number
  /** 0 with a standing cheat: the interval's successes are void. */
  requestSuccesses: number
  checksJudged: number
  checksPassed: number
  /** Answers found to be cheats. */
  cheats: number
  totalBefore: number
  totalAfter: number
  /** m of mechanism.md section 5; null when nothing paid or cost. */
  meanRewardPpm: number | null
  /** Null when the mean reward is. */
  observationPpm: number | null
  speedPpm: number
  scoreBefore: number
  scoreAfter: number
  validationsSinceMove: number
  fastReturn: boolean
  refusedStreak: number
  /** Users' requests answered in less than half the certified time, by id: first in line for a check. */
  fastAnswers: string[]
}

/** Whether the interval left evidence of a prover: others are checked before it then. */
export function wasJudged({ checksJudged }: Pick<ProverSettlement, 'checksJudged'>): boolean {
  return checksJudged > 0
}

export interface Settlement {
  n: number
  /** By uid, then hotkey. */
  provers: ProverSettlement[]
  /** Sorted. */
  cheatingHotkeys: string[]
}
