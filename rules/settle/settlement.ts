import type { MechanismProfile } from '../profile.js'
import type { Tier } from '../tiers.js'
import type { Reason, Verdict } from '../verdicts.js'

/** Identifies a prover: a hotkey that registers again starts from nothing. */
export interface ProverKey {
  hotkey: string
  registeredBlock: number
}

/** A prover's standing after the previous settlement. */
export interface ProverState extends ProverKey {
  /** An attribute of the interval, not of the prover. */
  uid: number
  tier: Tier
  /**
   * Counted inference successes, challenges passed and spot checks of wide requests passed, over all
   * intervals.
   */
  totalSuccesses: number
  scorePpm: number
  /** Passed checks since the last move, or since registration. */
  validationsSinceMove: number
  /** Was Challenger, and fell because of downtime only. */
  fastReturn: boolean
  /** Whether the chain has an address for it: a prover that could not be asked is not judged. */
  hasAddress: boolean
}

/** The initial state of a new registration. */
export function newProverState(prover: ProverKey & { uid: number }): ProverState {
  return {
    hotkey: prover.hotkey,
    registeredBlock: prover.registeredBlock,
    uid: prover.uid,
    tier: 'bronze',
    totalSuccesses: 0,
    scorePpm: 0,
    validationsSinceMove: 0,
    fastReturn: false,
    hasAddress: true,
  }
}

/**
 * One check, unique by (requestId, kind). Kind `answer` is what the caller itself observed on a user's
 * request (late, malformed, …); the others are validations.
 */
export interface CheckRow extends ProverKey {
  requestId: string
  kind: 'answer' | 'challenge' | 'audit' | 'spotcheck'
  /** Kind of the request, which may belong to an earlier interval: then its row is not among the answers. */
  requestKind: AnswerRow['kind']
  /** Whether that request counts. */
  counted: boolean
  verdict: Verdict
  reason: Reason
  /** For a pass: 1000000, or an audit's cosine. Otherwise the verdict decides. */
  rewardPpm: number | null
}

/** One attempt at a prover, unique by requestId. */
export interface AnswerRow extends ProverKey {
  requestId: string
  /** `wide`: one of the requests of a wide round, which every prover is sent at the same instant. */
  kind: 'challenge' | 'inference' | 'wide'
  /** `neutral`: cancelled, or nobody's fault; `refused`: a free 429. Neither is an attempt. */
  outcome: 'success' | 'failure' | 'neutral' | 'refused'
  reason: Reason
  /** Whether a user's request counts (mechanism.md section 8); the verifier's own always do. */
  counted: boolean
  /** The API key of the user's request; null for the verifier's own. */
  apiKeyId: string | null
  /** Unix time. */
  completedAtUs: number
  /** GPUs that the prover declared when it was sent; null if an older version sent it. */
  gpus: number | null
  /** Our other requests, of any kind, in flight at the prover then; null if an older version sent it. */
  inFlight: number | null
  /**
   * For a refusal: other verifiers' requests that it claims to be working on, those with valid signatures.
   */
  taken: readonly string[] | null
}

/** A request that fills a slot of a wide round: in flight when it began, or sent by it. */
export interface WideRequest
  extends Pick<
    AnswerRow,
    'requestId' | 'kind' | 'counted' | 'outcome' | 'gpus' | 'inFlight' | 'taken'
  > {
  /** Sent by this round. */
  ofRound: boolean
  /** The verifier itself lost the answer. */
  lost: boolean
}

/** One prover's results in a wide round, once the outcomes of all its requests are known. */
export interface WideRound extends ProverKey {
  /** The interval and the round in which it was asked. */
  n: number
  round: number
  /** GPUs that it declared at that instant. */
  gpus: number
  requests: readonly WideRequest[]
}

/** What shares and capacity are computed from: the counts of one interval, or the sums of several. */
export interface ShareCounts {
  /** Wide rounds in which it was asked. */
  wideRounds: number
  /** The sum of the GPUs that it declared in them. */
  wideGpus: number
  /** The GPUs declared in the newest of them; null without one. */
  newestWideGpus: number | null
  wideSlots: number
  wideKept: number
  offered: number
  accepted: number
}

/** A prover's counts in the settled intervals of the window before this one. */
export interface WindowRow extends ProverKey, ShareCounts {}

export interface SettlementInput {
  /** The interval's number. */
  n: number
  profile: MechanismProfile
  provers: readonly ProverState[]
  checks: readonly CheckRow[]
  answers: readonly AnswerRow[]
  /** Those whose last outcome came in this interval. */
  wideRounds: readonly WideRound[]
  /** The sums over the settled intervals of the window before this one. */
  window: readonly WindowRow[]
  /** floor(µs · 10^6 / work) of the verifier's class; null if it has none yet. */
  certifiedUsPerWork: number | null
  /** steps · frames · width · height of the model's standard video. */
  standardWork: number
  /** The interval's length. */
  blocks: number
  /** As it was before decision 0029: a score may rise in Bronze without a check. For older records; default false. */
  paysUnchecked?: boolean
}

export type MoveReason = 'promoted' | 'fast_return' | 'cheat' | 'rate_missed' | 'downtime'

export interface Move {
  from: Tier
  to: Tier
  reason: MoveReason
}

/** What the last settled intervals prove about a prover, in parts per million. */
export interface ProvenCapacity {
  /** Share of the slots in wide rounds that it kept. */
  wideSharePpm: number
  /** Share of the other requests that it accepted while it had room. */
  offerSharePpm: number
  /** G: 1,000,000 is one GPU. */
  capacityPpm: number
  /** P: a mean reward is multiplied by this. */
  paidCapacityPpm: number
}

/** Includes this interval's own contribution to shares and capacity, which later ones read. */
export interface ProverSettlement extends ProverKey, ShareCounts, ProvenCapacity {
  uid: number
  tierBefore: Tier
  tierAfter: Tier
  move: Move | null
  requestAttempts: number
  /** 0 if there is a cheat: the interval's successes are void. */
  requestSuccesses: number
  checksJudged: number
  checksPassed: number
  /** Answers found to be cheats. */
  cheats: number
  totalBefore: number
  totalAfter: number
  /** m of mechanism.md section 5; null if nothing paid or cost. */
  meanRewardPpm: number | null
  /** Null if the mean reward is. */
  observationPpm: number | null
  scoreBefore: number
  scoreAfter: number
  validationsSinceMove: number
  fastReturn: boolean
}

export interface Settlement {
  n: number
  /** By uid, then hotkey. */
  provers: ProverSettlement[]
  /** Sorted. */
  cheatingHotkeys: string[]
}
