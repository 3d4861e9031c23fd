import type { Hex } from '../../formats/bytes.js'
import { INFERENCE_PENALTY_PPM, ONE_PPM } from '../constants.js'
import type { Reason } from '../verdicts.js'
import type { Judgement } from './judge-answer.js'
import type { StepTolerance } from './step-tolerance.js'

/** How the request for the opening ended. */
export type SpotOpening = 'opened' | 'refused' | 'own_fault'

/** What a prover signed: the digests of its trace, as listed in the opening. */
export interface ClaimedDigests {
  /** Recomputed from the list: if it is not the signed root, the list is not the one that was signed. */
  traceRoot: Hex
  /** Recomputed from the list's frames. */
  framesSha256: Hex
  /** d_0. */
  initial: Hex
  /** d_(step−1). */
  before: Hex
  /** d_step. */
  after: Hex
  /** d_steps. */
  final: Hex
  /** f_frame. */
  frame: Hex
}

/** Digests of the states as received, and whether every value in them is a number. */
export interface OpenedDigests {
  before: Hex
  after: Hex
  final: Hex
  finite: boolean
}

/** What the verifier's engine computes. */
export interface RecomputedDigests {
  /** d_0 from the seed. */
  initial: Hex
  /** d_step from the state before. */
  after: Hex
  /** f_frame from the final latents. */
  frame: Hex
  /**
   * Deviation of the state after the step from the opened one, in 10^-9 of the prediction; null if not
   * compared.
   */
  stepDeviation: number | null
  /** Deviation of the frame from the delivered one, in 8-bit levels; null if not compared. */
  frameDeviation: number | null
}

export interface SpotCheckInput {
  /** As signed. */
  answer: { framesSha256: Hex; traceRoot: Hex }
  /** Null until the prover was asked. */
  opening: SpotOpening | null
  facts: { claimed: ClaimedDigests; opened: OpenedDigests; recomputed: RecomputedDigests } | null
  /** The second computation in a fresh session, along with a known answer; null until it has run. */
  confirmation: { recomputed: RecomputedDigests; knownAnswerOk: boolean } | null
  /** Whether the verifier's class is certified as exact: then only equal bits pass. */
  exact: boolean
  /** Tolerance of a class that is not exact; null if it was never measured. */
  tolerance: StepTolerance | null
  /** Whether to stop waiting for what may still come. */
  final: boolean
}

/**
 * The verdict of a spot check (mechanism.md section 4). Only the digests are signed: states that do not match
 * them are a refusal, and states that match them but do not follow from each other are a cheat.
 * @returns null while something may still come
 */
export function judgeSpotCheck(input: SpotCheckInput): Judgement | null {
  const { opening, facts, final, confirmation } = input
  if (opening === null) return final ? abstained('own_fault') : null
  if (opening === 'own_fault') return abstained('own_fault')
  if (opening === 'refused') return { verdict: 'fail', reason: 'opening_refused', ...PENALTY }
  if (facts === null) return final ? abstained('no_time') : null
  // Of an opening that an older version took: now it is compared, and refused, when it arrives (decision 0027).
  if (!matches(input.answer, facts))
    return { verdict: 'fail', reason: 'opening_refused', ...PENALTY }
  const found = compare(input, facts.recomputed)
  if (found === 'equal') return { verdict: 'pass', reason: 'step_equal', rewardPpm: ONE_PPM }
  if (found === 'within') return { verdict: 'pass', reason: 'step_within', rewardPpm: ONE_PPM }
  if (found === 'not_compared') return abstained('not_compared')
  if (confirmation === null) return final ? abstained('not_confirmed') : null
  return isConfirmed(input, found, confirmation)
    ? { verdict: 'cheat', reason: found, ...PENALTY }
    : abstained('control_failed')
}

/** Whether the step must be computed a second time, in a fresh session along with known answers. */
export function needsSpotConfirmation(input: Evidence): boolean {
  const { answer, facts } = input
  if (facts === null || !matches(answer, facts)) return false
  return isBreak(compare(input, facts.recomputed))
}

const PENALTY = { rewardPpm: INFERENCE_PENALTY_PPM }

type Facts = NonNullable<SpotCheckInput['facts']>
type Evidence = Pick<SpotCheckInput, 'answer' | 'facts' | 'exact' | 'tolerance'>
type Break = Extract<Reason, 'trace_broken' | 'state_not_finite' | 'step_differs' | 'frame_differs'>

/**
 * Whether an opening shows what was signed with the answer: the list is the signed one, and the states are
 * the ones that it lists. Anything else opens nothing.
 */
export function isWhatWasSigned(
  answer: Pick<SpotCheckInput['answer'], 'traceRoot'>,
  claimed: ClaimedDigests,
  opened: Omit<OpenedDigests, 'finite'>,
): boolean {
  return (
    claimed.traceRoot === answer.traceRoot &&
    claimed.before === opened.before &&
    claimed.after === opened.after &&
    claimed.final === opened.final
  )
}

function matches(answer: SpotCheckInput['answer'], { claimed, opened }: Facts): boolean {
  return isWhatWasSigned(answer, claimed, opened)
}

/** How an answer compares with what the verifier computed; breaks in the order in which they are checked. */
type Found = 'equal' | 'within' | 'not_compared' | Break

/** The first break in the trace, if there is one. */
function compare(
  { answer, facts, exact, tolerance }: Evidence,
  recomputed: RecomputedDigests,
): Found {
  const { claimed, opened } = facts!
  if (claimed.framesSha256 !== answer.framesSha256) return 'trace_broken'
  if (claimed.initial !== recomputed.initial) return 'trace_broken'
  if (!opened.finite) return 'state_not_finite'
  const stepEqual = claimed.after === recomputed.after
  const frameEqual = claimed.frame === recomputed.frame
  if (stepEqual && frameEqual) return 'equal'
  if (exact) return stepEqual ? 'frame_differs' : 'step_differs'
  // What was not compared, or has no tolerance to compare with, proves nothing.
  const step = stepEqual ? 0 : recomputed.stepDeviation
  const frame = frameEqual ? 0 : recomputed.frameDeviation
  if (tolerance === null) return 'not_compared'
  if (step !== null && step > tolerance.step) return 'step_differs'
  if (frame !== null && frame > tolerance.frame) return 'frame_differs'
  return step === null || frame === null ? 'not_compared' : 'within'
}

function isBreak(found: Found): found is Break {
  return found !== 'equal' && found !== 'within' && found !== 'not_compared'
}

/**
 * Whether the verifier's own results agree: bit for bit in an exact class, otherwise by finding the same
 * break twice.
 */
function isConfirmed(
  input: SpotCheckInput,
  found: Break,
  { recomputed, knownAnswerOk }: NonNullable<SpotCheckInput['confirmation']>,
): boolean {
  const same = input.exact
    ? sameDigests(recomputed, input.facts!.recomputed)
    : compare(input, recomputed) === found
  return same && knownAnswerOk
}

function sameDigests(a: RecomputedDigests, b: RecomputedDigests): boolean {
  return a.initial === b.initial && a.after === b.after && a.frame === b.frame
}

function abstained(reason: Reason): Judgement {
  return { verdict: 'abstained', reason, rewardPpm: null }
}
