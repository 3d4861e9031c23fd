import { createHash } from 'node:crypto'
import { toHex } from '../../formats/bytes.js'
import { framesSha256 } from '../../formats/frames.js'
import { type GenerationParams, generationParams } from '../../formats/generation.js'
import { traceRoot } from '../../formats/trace.js'
import { type Judgement, judgeAudit, judgeChallenge } from '../../rules/judge/judge-answer.js'
import {
  type ClaimedDigests,
  judgeSpotCheck,
  type OpenedDigests,
  type RecomputedDigests,
} from '../../rules/judge/judge-spot-check.js'
import { decodeBody } from '../generation-body.js'
import type { Evidence, SpotCheckEvidence, WholeEvidence } from './evidence-schema.js'

/** The parameters of the request. @throws WireError `bad_request` */
export function requestParams({ request }: Evidence): GenerationParams {
  return generationParams(decodeBody(Buffer.from(request.body)))
}

export interface OpenedStates {
  readonly before: Float32Array
  readonly after: Float32Array
  readonly final: Float32Array
}

/** The states as numbers; null if they are not in the file, or have an invalid length. */
export function statesOf({ opened }: SpotCheckEvidence): OpenedStates | null {
  if (opened.states === null) return null
  const [before, after, final] = [
    opened.states.before,
    opened.states.after,
    opened.states.final,
  ].map((text) => {
    const bytes = Uint8Array.from(Buffer.from(text, 'base64'))
    return bytes.length % 4 === 0 ? new Float32Array(bytes.buffer) : null
  })
  return before && after && final ? { before, after, final } : null
}

/** The digests that the prover listed; null if they don't fit this request. */
export function listedDigests(
  { opened }: SpotCheckEvidence,
  { steps, frames }: GenerationParams,
): { steps: Uint8Array[]; frames: Uint8Array[] } | null {
  const list = Buffer.from(opened.digests, 'base64')
  if (list.length !== 32 * (steps + 1 + frames)) return null
  if (opened.step > steps || opened.frame > frames) return null
  const all = Array.from({ length: list.length / 32 }, (_, i) => list.subarray(32 * i, 32 * i + 32))
  return { steps: all.slice(0, steps + 1), frames: all.slice(steps + 1) }
}

export function digestOfState(state: Float32Array): string {
  const bytes = new Uint8Array(state.buffer, state.byteOffset, state.byteLength)
  return createHash('sha256').update(bytes).digest('hex')
}

/** What the list says about the drawn step and frame. */
export function claimedDigests(
  { opened }: SpotCheckEvidence,
  params: GenerationParams,
  list: { steps: Uint8Array[]; frames: Uint8Array[] },
): ClaimedDigests {
  return {
    traceRoot: traceRoot(list.steps, list.frames),
    framesSha256: framesSha256(params, list.frames),
    initial: toHex(list.steps[0]!),
    before: toHex(list.steps[opened.step - 1]!),
    after: toHex(list.steps[opened.step]!),
    final: toHex(list.steps[params.steps]!),
    frame: toHex(list.frames[opened.frame - 1]!),
  }
}

/** Digests of the states in the file; if there are none, as the prover listed them. */
function openedDigests(evidence: SpotCheckEvidence, claimed: ClaimedDigests): OpenedDigests {
  const states = statesOf(evidence)
  if (states === null) {
    const { before, after, final } = claimed
    return { before, after, final, finite: evidence.reason !== 'state_not_finite' }
  }
  return {
    before: digestOfState(states.before),
    after: digestOfState(states.after),
    final: digestOfState(states.final),
    finite: Object.values(states).every((state: Float32Array) => state.every(Number.isFinite)),
  }
}

/** What was recomputed from the opened step, as input for the rules. */
export function recomputedDigests(
  told: SpotCheckEvidence['opened']['recomputed'],
): RecomputedDigests {
  const { initial, after, frame } = told
  return {
    ...{ initial, after, frame },
    stepDeviation: told.step_deviation,
    frameDeviation: told.frame_deviation,
  }
}

/**
 * The verdict of the rules on a spot check's evidence; null if the opened list does not fit the request.
 * @param recomputed by the caller; by default, what the verifier recorded
 */
export function judgeOpened(
  evidence: SpotCheckEvidence,
  params: GenerationParams,
  recomputed?: RecomputedDigests,
): Judgement | null {
  const list = listedDigests(evidence, params)
  if (list === null) return null
  const { opened, answer, exact } = evidence
  const claimed = claimedDigests(evidence, params, list)
  return judgeSpotCheck({
    answer: { framesSha256: answer.frames_sha256, traceRoot: answer.trace_root },
    opening: 'opened',
    facts: {
      claimed,
      opened: openedDigests(evidence, claimed),
      recomputed: recomputed ?? recomputedDigests(opened.recomputed),
    },
    confirmation: {
      recomputed: recomputed ?? recomputedDigests(opened.confirmation.recomputed),
      knownAnswerOk: recomputed !== undefined || opened.confirmation.known_answer_ok,
    },
    exact,
    tolerance: opened.tolerance,
    final: true,
  })
}

/** The result of recomputing a whole request. */
export interface MadeAgain {
  readonly framesSha256: string
  readonly traceRoot: string
  readonly cosinePpm: number | null
}

/**
 * The same for a challenge or an audit.
 * @param made by the caller; by default, what the verifier recorded
 */
export function judgeWhole(evidence: WholeEvidence, made?: MadeAgain): Judgement {
  const { answer, truth, exact, kind } = evidence
  const { determinism_class: determinismClass } = answer
  const judge = kind === 'challenge' ? judgeChallenge : judgeAudit
  return judge({
    answer: {
      ...{ framesSha256: answer.frames_sha256, traceRoot: answer.trace_root, determinismClass },
      classAtOpen: determinismClass,
    },
    truth: {
      framesSha256: made?.framesSha256 ?? truth.frames_sha256,
      traceRoot: made?.traceRoot ?? truth.trace_root,
      confirmSha256: made?.framesSha256 ?? truth.confirm_frames_sha256,
      confirmTraceRoot: made?.traceRoot ?? truth.confirm_trace_root,
      knownAnswerOk: made !== undefined || truth.known_answer_ok,
      determinismClass,
    },
    exact,
    cosinePpm: made === undefined ? truth.cosine_ppm : made.cosinePpm,
    tier: truth.tier,
  })
}
