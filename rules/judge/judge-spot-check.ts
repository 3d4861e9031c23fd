import type { Hex } from '../../formats/bytes.js'
import { INFERENCE_PENALTY_PPM, ONE_PPM } from '../constants.js'
import type { Reason } from '../verdicts.js'
import type { Judgement } from './judge-answer.js'
import type { StepTolerance } from './step-tolerance.js'

/** How asking for the opening ended. */
export type SpotOpening = 'opened' | 'refused' | 'own_fault'

/** What a prover signed: the digests of its trace, as the opening lists them. */
export interface ClaimedDigests {
  /** Recomputed from the list: the signed root, or the list is not the one that was signed. */
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

/** Digests of the states as they came, and whether every value in them is a number. */
export interface OpenedDigests {
  before: Hex
  after: Hex
  final: Hex
  finite: boolean
}

/** What the verifier's engine makes of it. */
export interface RecomputedDigests {
  /** d_0 of the seed. */
  initial: Hex
  /** d_step from the state before. */
  after: Hex
  /** f_frame from the final latents. */
  frame: Hex
  /** How far the state after the step is from the one that was opened, in 10^-9 of the prediction; null when not compared. */
  stepDeviation: number | null
  /** How far the frame is from the one that was delivered, in levels of a byte; null when not compared. */
  frameDeviation: number | null
}

export interface SpotCheckInput {
  /** As it was signed. */
  answer: { framesSha256: Hex; traceRoot: Hex }
  /** Null while nobody was asked. */
  opening: SpotOpening | null
  facts: { claimed: ClaimedDigests; opened: OpenedDigests; recomputed: RecomputedDigests } | null
  /** Of the second computation in a fresh session, beside a known answer; null until it ran. */
  confirmation: { recomputed: RecomputedDigests; knownAnswerOk: boolean } | null
  /** Whether the verifier's class is certified as exact: then bits are compared, and nothing else will do. */
  exact: boolean
  /** Of a class that is not exact; null where it was never measured. */
  tolerance: StepTolerance | null
  /** Whether what may still come is given up now. */
  final: boolean
}

/**
 * The verdict of a spot check (mechanism.md section 4). Only the digests are signed: what came beside them and
 * does not match them is a refusal, and what they commit to and does not follow is a cheat.
 * @returns null while something may still come
 */
export function judgeSpotCheck(input: SpotCheckInput): Judgement | null {
  const { opening, facts, final, confirmation } = input
  if (opening === null) return final ? abstained('own_fault') : null
  if (opening === 'own_fault') return abstained('own_fault')
  if (opening === 'refused') return { verdict: 'fail', reason: 'opening_refused', ...PENALTY }
  if (facts === null) return final ? abstained('no_time') : null
  if (!matchesDigests(input.answer, facts)) {
    return { verdict: 'fail', reason: 'opening_malformed', ...PENALTY }
  }
  const found = compare(input, facts.recomputed)
  if (found === 'equal') return { verdict: 'pass', reason: 'step_equal', rewardPpm: ONE_PPM }
  if (found === 'within') return { verdict: 'pass', reason: 'step_within', rewardPpm: ONE_PPM }
  if (found === 'not_compared') return abstained('not_compared')
  if (confirmation === null) return final ? abstained('not_confirmed') : null
  return isConfirmed(input, found, confirmation)
    ? { verdict: 'cheat', reason: found, ...PENALTY }
    : abstained('control_failed')
}

/** Whether the step has to be computed a second time, in a fresh session with known answers beside it. */
export function needsSpotConfirmation(input: Evidence): boolean {
  const { answer, facts } = input
  if (facts === null || !matchesDigests(answer, facts)) return false
  return isBreak(compare(input, facts.recomputed))
}

const PENALTY = { rewardPpm: INFERENCE_PENALTY_PPM }

type Facts = NonNullable<SpotCheckInput['facts']>
type Evidence = Pick<SpotCheckInput, 'answer' | 'facts' | 'exact' | 'tolerance'>
type Break = Extract<Reason, 'trace_broken' | 'state_not_finite' | 'step_differs' | 'frame_differs'>

/** The list is the signed one, and the states are those that it names. */
function matchesDigests(answer: SpotCheckInput['answer'], { claimed, opened }: Facts): boolean {
  return (
    claimed.traceRoot === answer.traceRoot &&
    claimed.before === opened.before &&
    claimed.after === opened.after &&
    claimed.final === opened.final
  )
}

/** What an answer is next to what the verifier computed; breaks in the order in which they are looked for. */
type Found = 'equal' | 'within' | 'not_compared' | Break

/** The first thing that does not follow from the state before it, if there is any. */
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
  // What was not compared, or has nothing to be compared with, proves nothing.
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

/** The verifier's own results agree: bit for bit in an exact class, else by finding the same break twice. */
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
