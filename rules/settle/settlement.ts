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
  tier: Tier
  /** Counted inference successes, challenges passed and spot checks of wide requests passed, over all intervals. */
  totalSuccesses: number
  scorePpm: number
  /** Passed checks since the last move, or since registration. */
  validationsSinceMove: number
  /** Was Challenger, and fell by downtime only. */
  fastReturn: boolean
  /** Whether the chain has an address of it: nobody is judged by what could not be asked. */
  hasAddress: boolean
}

/** Where a new registration begins. */
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
 * One check, unique by (requestId, kind). Kind `answer` is what the caller saw itself on a user's
 * request (late, malformed, …); the others are validations.
 */
export interface CheckRow extends ProverKey {
  requestId: string
  kind: 'answer' | 'challenge' | 'audit' | 'spotcheck'
  /** Of the request, which may be an earlier interval's: its row is not among the answers then. */
  requestKind: AnswerRow['kind']
  /** Whether that request counts. */
  counted: boolean
  verdict: Verdict
  reason: Reason
  /** Of a pass: 1000000, or an audit's cosine. Others are paid by their verdict. */
  rewardPpm: number | null
}

/** One attempt at a prover, unique by requestId. */
export interface AnswerRow extends ProverKey {
  requestId: string
  /** `wide`: one of those that every prover is sent at the same instant. */
  kind: 'challenge' | 'inference' | 'wide'
  /** `neutral`: cancelled, or nobody's fault; `refused`: a free 429. Neither is an attempt. */
  outcome: 'success' | 'failure' | 'neutral' | 'refused'
  reason: Reason
  /** Whether a user's request counts (mechanism.md section 8); the verifier's own always do. */
  counted: boolean
  /** Whose request it was; null for the verifier's own. */
  apiKeyId: string | null
  /** Unix time. */
  completedAtUs: number
  /** GPUs that the prover declared when it was sent; null where an older version sent it. */
  gpus: number | null
  /** Our other requests, of any kind, in flight at the prover then; null where an older version sent it. */
  inFlight: number | null
  /** Of a refusal: the other verifiers' requests that it showed to be at work on, those whose signatures hold. */
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
  /** The verifier lost the answer itself. */
  lost: boolean
}

/** What a wide round found of one prover, once the outcomes of all its requests are known. */
export interface WideRound extends ProverKey {
  /** The interval and the round in which it was asked. */
  n: number
  round: number
  /** That it declared at that instant. */
  gpus: number
  requests: readonly WideRequest[]
}

/** What shares and capacity are made from: of one interval, or of several together. */
export interface ShareCounts {
  /** Wide rounds in which it was asked. */
  wideRounds: number
  /** The GPUs that it declared in them, added up. */
  wideGpus: number
  /** Of the newest of them; null without one. */
  newestWideGpus: number | null
  wideSlots: number
  wideKept: number
  offered: number
  accepted: number
}

/** A prover's counts in the settled intervals before this one that are looked at. */
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
  /** What the settled intervals before this one that are looked at show together. */
  window: readonly WindowRow[]
  /** floor(µs · 10^6 / work) of the verifier's class; null while it has none. */
  certifiedUsPerWork: number | null
  /** steps · frames · width · height of the model's standard video. */
  standardWork: number
  /** The interval's length. */
  blocks: number
}

export type MoveReason = 'promoted' | 'fast_return' | 'cheat' | 'rate_missed' | 'downtime'

export interface Move {
  from: Tier
  to: Tier
  reason: MoveReason
}

/** What the last settled intervals show of a prover, in parts per million. */
export interface ProvenCapacity {
  /** Slots of wide rounds that it kept. */
  wideSharePpm: number
  /** Other requests that it accepted while it had room. */
  offerSharePpm: number
  /** G: 1,000,000 is one GPU. */
  capacityPpm: number
  /** P: what a mean reward is multiplied with. */
  paidCapacityPpm: number
}

/** With what this interval alone adds to shares and capacity; later ones read it. */
export interface ProverSettlement extends ProverKey, ShareCounts, ProvenCapacity {
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
