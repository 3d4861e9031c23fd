import type { Hex } from '../../formats/bytes.js'
import { INFERENCE_PENALTY_PPM, ONE_PPM } from '../constants.js'
import type { Reason } from '../verdicts.js'
import type { Judgement } from './judge-answer.js'

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
}

export interface SpotCheckInput {
  /** As it was signed. */
  answer: { framesSha256: Hex; traceRoot: Hex }
  /** Null while nobody was asked. */
  opening: SpotOpening | null
  facts: { claimed: ClaimedDigests; opened: OpenedDigests; recomputed: RecomputedDigests } | null
  /** Of the second computation in a fresh session, beside a known answer; null until it ran. */
  confirmation: { recomputed: RecomputedDigests; knownAnswerOk: boolean } | null
  /** Whether the verifier's class is certified as exact. */
  exact: boolean
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
  const broken = breakOf(input.answer, facts)
  if (broken === null) return { verdict: 'pass', reason: 'step_equal', rewardPpm: ONE_PPM }
  if (!input.exact && isBits(broken)) return abstained('not_compared')
  if (confirmation === null) return final ? abstained('not_confirmed') : null
  const same = sameDigests(confirmation.recomputed, facts.recomputed)
  if (!same || !confirmation.knownAnswerOk) return abstained('control_failed')
  return { verdict: 'cheat', reason: broken, ...PENALTY }
}

/** Whether the step has to be computed a second time, in a fresh session with a known answer beside it. */
export function needsSpotConfirmation(input: Pick<SpotCheckInput, 'answer' | 'facts'>): boolean {
  const { answer, facts } = input
  return facts !== null && matchesDigests(answer, facts) && breakOf(answer, facts) !== null
}

const PENALTY = { rewardPpm: INFERENCE_PENALTY_PPM }

type Facts = NonNullable<SpotCheckInput['facts']>
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

/** The first thing that does not follow; null when all does. */
function breakOf(answer: SpotCheckInput['answer'], facts: Facts): Break | null {
  const { claimed, opened, recomputed } = facts
  if (claimed.framesSha256 !== answer.framesSha256) return 'trace_broken'
  if (claimed.initial !== recomputed.initial) return 'trace_broken'
  if (!opened.finite) return 'state_not_finite'
  if (claimed.after !== recomputed.after) return 'step_differs'
  return claimed.frame === recomputed.frame ? null : 'frame_differs'
}

/** Whether it is a difference of bits, which proves nothing where a class is not exact. */
function isBits(broken: Break): boolean {
  return broken === 'step_differs' || broken === 'frame_differs'
}

function sameDigests(a: RecomputedDigests, b: RecomputedDigests): boolean {
  return a.initial === b.initial && a.after === b.after && a.frame === b.frame
}

function abstained(reason: Reason): Judgement {
  return { verdict: 'abstained', reason, rewardPpm: null }
}
