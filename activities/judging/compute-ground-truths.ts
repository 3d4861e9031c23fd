import { inflateSync } from 'node:zlib'
import type { Generated, Generator } from '../../engine/pipeline/generator.js'
import type { GenerationParams } from '../../formats/generation.js'
import { planItems } from '../../ledger/intervals/plans.js'
import { auditsOf } from '../../ledger/judging/audits.js'
import {
  type GroundTruthRow,
  groundTruthsOf,
  putConfirmation,
  putCosine,
  putGroundTruth,
} from '../../ledger/judging/ground-truths.js'
import { type AttemptRow, attemptsById } from '../../ledger/requests/attempts.js'
import { getFrames } from '../../ledger/requests/frames.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { needsConfirmation, needsGroundTruth } from '../../rules/judge/needed-runs.js'
import { cosinePpm } from '../../rules/judge/similarity.js'
import type { GpuDeps } from '../gpu-deps.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { storedParams } from '../shared/stored-request.js'
import { bySize } from './by-size.js'
import { ConfirmationSession } from './confirmation-session.js'
import { attemptOutcome, groundTruth } from './rule-inputs.js'

export interface RecomputeInput extends VerifierId {
  readonly n: number
  /** A round's challenges, or the interval's audits. */
  readonly what: { readonly round: number } | 'audits'
}

/**
 * Computes the missing ground truths of a round or of the audits, one after another; each is stored
 * immediately, so that a retry continues where a killed worker stopped. If the answer's bytes differ, it is
 * computed a second time in a fresh session, along with a known answer, before it can accuse.
 */
export function createComputeGroundTruths(deps: GpuDeps) {
  return async (input: RecomputeInput): Promise<{ computed: number }> =>
    withHeartbeat(async (signal, heartbeat) => {
      const ids = await requestsOf(deps, input)
      const known = new Map((await groundTruthsOf(deps.db, ids)).map((row) => [row.requestId, row]))
      let computed = 0
      const control = new ConfirmationSession(deps)
      try {
        for (const attempt of bySize(await attemptsById(deps.db, ids))) {
          const answer = attemptOutcome(attempt)
          if (!needsGroundTruth(answer, deps.generator.determinismClass)) continue
          const show = (step: number, steps: number) =>
            heartbeat(`${computed + 1} of ${ids.length}: step ${step} of ${steps}`)
          let truth = known.get(attempt.requestId)
          if (truth === undefined) {
            truth = await compute(deps, attempt, signal, show)
            computed += 1
          }
          if (needsConfirmation(answer, groundTruth(truth))) {
            await confirm(deps, control, attempt, truth, signal, show)
          }
        }
      } finally {
        await control.close()
      }
      return { computed }
    })
}

async function requestsOf(
  deps: GpuDeps,
  { n, what, netuid, verifier }: RecomputeInput,
): Promise<string[]> {
  const id = { netuid, verifier }
  if (what === 'audits') return (await auditsOf(deps.db, id, n)) ?? []
  return (await planItems(deps.db, id, n, what)).map((item) => item.requestId)
}

async function compute(
  deps: GpuDeps,
  attempt: AttemptRow,
  signal: AbortSignal,
  onProgress: (step: number, steps: number) => void,
): Promise<GroundTruthRow> {
  const made = await deps.generator.generate(storedParams(attempt), { signal, onProgress })
  return putGroundTruth(deps.db, {
    requestId: attempt.requestId,
    framesSha256: made.framesSha256,
    traceRoot: made.traceRoot,
    determinismClass: deps.generator.determinismClass,
    elapsedUs: made.timings.total_us,
    work: attempt.work,
  })
}

/** The second computation, the known answer and the cosine, which a `cheat` requires. */
async function confirm(
  deps: GpuDeps,
  control: ConfirmationSession,
  attempt: AttemptRow,
  truth: GroundTruthRow,
  signal: AbortSignal,
  onProgress: (step: number, steps: number) => void,
): Promise<void> {
  const params = storedParams(attempt)
  const fresh = await control.open()
  const { made, rgb } = await collect(fresh, params, signal, onProgress)
  const answer = await storedVideo(deps, attempt)
  if (answer.length === rgb.length) {
    await putCosine(deps.db, attempt.requestId, cosinePpm(answer, rgb, params))
  }
  const confirmed = made.framesSha256 === truth.framesSha256 && made.traceRoot === truth.traceRoot
  const knownAnswerOk = await control.knownAnswersHold()
  await putConfirmation(deps.db, attempt.requestId, {
    confirmFramesSha256: made.framesSha256,
    confirmTraceRoot: made.traceRoot,
    knownAnswerOk,
  })
  deps.log.info(
    { requestId: attempt.requestId, confirmed, knownAnswerOk },
    'an answer differs from the ground truth; computed it a second time',
  )
}

async function collect(
  generator: Generator,
  params: GenerationParams,
  signal: AbortSignal,
  onProgress: (step: number, steps: number) => void,
): Promise<{ made: Generated; rgb: Uint8Array }> {
  const frameBytes = params.width * params.height * 3
  const rgb = new Uint8Array(params.frames * frameBytes)
  const made = await generator.generate(params, {
    signal,
    onProgress,
    onFrame: (index, frame) => rgb.set(frame, (index - 1) * frameBytes),
  })
  return { made, rgb }
}

async function storedVideo(deps: GpuDeps, attempt: AttemptRow): Promise<Uint8Array> {
  const frames = await getFrames(deps.db, attempt.requestId)
  return Buffer.concat(frames.map((frame) => inflateSync(frame.zlib)))
}
