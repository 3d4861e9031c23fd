import type { Hex } from '../../formats/bytes.js'
import {
  CHALLENGE_PENALTY_PPM,
  COSINE_THRESHOLD_PPM,
  INFERENCE_PENALTY_PPM,
  ONE_PPM,
} from '../constants.js'
import type { Tier } from '../tiers.js'
import type { Reason, Verdict } from '../verdicts.js'

/** The verifier's own result for a request. */
export interface GroundTruth {
  framesSha256: Hex
  traceRoot: Hex
  /** Result of the second computation in a fresh session; null until it has run. */
  confirmSha256: Hex | null
  /** From the same computation; null until it has run, or if an older version ran it. */
  confirmTraceRoot: Hex | null
  /** Whether a known answer came out right in that session; null until it has run. */
  knownAnswerOk: boolean | null
  /** The verifier's class. */
  determinismClass: string
}

export interface JudgeInput {
  answer: {
    framesSha256: Hex
    /** Signed together with the frames; a full recomputation compares it too. */
    traceRoot: Hex
    determinismClass: string
    /** The class recorded when the interval opened. */
    classAtOpen: string
  }
  /** Null if the verifier can't compute the answer's class. */
  truth: GroundTruth | null
  /** Whether the verifier's class is certified as exact. */
  exact: boolean
  /** Similarity of the frames to the verifier's; null if not compared. */
  cosinePpm: number | null
  /** The tier the prover holds in the interval. */
  tier: Tier
}

export interface Judgement {
  verdict: Verdict
  /** `control_failed` also revokes the exactness of the verifier's class. */
  reason: Reason
  /** Before factors; null if it counts for nobody. */
  rewardPpm: number | null
}

/** Judges the answer to a challenge against the verifier's ground truth. */
export function judgeChallenge(input: JudgeInput): Judgement {
  return judge(input, CHALLENGE_PENALTY_PPM)
}

/** Judges the answer to a user's request against its recomputation. */
export function judgeAudit(input: JudgeInput): Judgement {
  return judge(input, INFERENCE_PENALTY_PPM)
}

function judge(input: JudgeInput, penaltyPpm: number): Judgement {
  const found = suspect(input)
  const { verdict, reason } = found.verdict === 'cheat' ? confirmed(input, found.reason) : found
  if (verdict === 'pass') {
    const rewardPpm = reason === 'cosine_met' ? input.cosinePpm : ONE_PPM
    return { verdict, reason, rewardPpm }
  }
  return { verdict, reason, rewardPpm: verdict === 'abstained' ? null : penaltyPpm }
}

interface Finding {
  verdict: Verdict
  reason: Reason
}

/** What the bytes say, before the verifier's own results are confirmed. */
function suspect({ answer, truth, exact, cosinePpm, tier }: JudgeInput): Finding {
  if (answer.determinismClass !== answer.classAtOpen) {
    return { verdict: 'fail', reason: 'class_changed' }
  }
  if (answer.framesSha256 === truth?.framesSha256) {
    const traces = exact && answer.determinismClass === truth.determinismClass
    return traces && answer.traceRoot !== truth.traceRoot
      ? { verdict: 'cheat', reason: 'trace_differs' }
      : { verdict: 'pass', reason: 'hash_equal' }
  }
  if (answer.determinismClass !== truth?.determinismClass) {
    return { verdict: 'unproven', reason: 'other_class' }
  }
  if (exact) return { verdict: 'cheat', reason: 'hash_differs' }
  if (cosinePpm === null) return { verdict: 'abstained', reason: 'not_compared' }
  return cosinePpm >= COSINE_THRESHOLD_PPM[tier]
    ? { verdict: 'pass', reason: 'cosine_met' }
    : { verdict: 'cheat', reason: 'cosine_low' }
}

/** An accusation requires two equal computations and a known answer that came out right. */
function confirmed({ truth }: JudgeInput, reason: Reason): Finding {
  if (truth === null || truth.confirmSha256 === null || truth.knownAnswerOk === null) {
    return { verdict: 'abstained', reason: 'not_confirmed' }
  }
  const sameTrace = reason !== 'trace_differs' || truth.confirmTraceRoot === truth.traceRoot
  return truth.confirmSha256 === truth.framesSha256 && sameTrace && truth.knownAnswerOk
    ? { verdict: 'cheat', reason }
    : { verdict: 'abstained', reason: 'control_failed' }
}
