import type { Hex } from '../../formats/bytes.js'
import { type GenerationParams, workOf } from '../../formats/generation.js'
import { pixelsOf } from '../../formats/video-shape.js'
import { spotCheckUsPerPixel } from '../../rules/plan/spot-checks.js'
import { usPerWork } from '../../rules/work-time.js'
import type { ModelDescriptor } from '../model/descriptor.js'
import { knownAnswersOf, standardOf } from '../model/known-answers.js'
import { frameDeviation, stateDeviation } from '../pipeline/deviation.js'
import type { GenerationHooks, Generator, StepRecomputer } from '../pipeline/generator.js'
import { joinState } from '../pipeline/states.js'

/** What one certification run generates, and which of its steps is recomputed. */
export interface CertifyTask {
  /** Which of the known answers; 0 has the standard form. */
  answer: number
  params: GenerationParams
  /** 1 … steps. */
  step: number
}

/** The result of one certification run. */
export interface CertifyRun {
  answer: number
  framesSha256: Hex
  traceRoot: Hex
  elapsedUs: number
  /** floor(µs · 10^6 / work). */
  usPerWork: number
  /** For one recomputed step: floor(µs · 10^6 / (frames · width · height)). */
  spotCheckUsPerPixel: number
  /** Whether that step and frame were the same as in the generation. */
  spotCheckOk: boolean
  /** Deviation of that step's state from the generation's: `stateDeviation`. */
  stepDeviation: number
  /** Deviation of that frame from the generation's, in 8-bit levels. */
  frameDeviation: number
}

/**
 * The runs of one process: all known answers; the first one has all steps of the standard form, because the
 * class is timed by it. It comes last, so that it is timed in a warm session. The recomputed steps range from
 * the first to the last of each.
 */
export function certifyTasks(descriptor: ModelDescriptor | null, runs: number): CertifyTask[] {
  const [first, ...others] = knownAnswersOf(descriptor)
  const answers = [{ ...first!, steps: standardOf(descriptor).steps }, ...others]
  return answers
    .flatMap((params, answer) => {
      const count = Math.floor(runs / answers.length) + (answer < runs % answers.length ? 1 : 0)
      return Array.from({ length: count }, (_, i) => {
        const step = 1 + Math.floor((i * (params.steps - 1)) / Math.max(1, count - 1))
        return { answer, params, step }
      })
    })
    .sort((a, b) => b.answer - a.answer)
}

/**
 * One certification run: a generation, and a spot check of one step and the last frame.
 * @throws EngineError
 */
export async function certifyRun(
  model: Pick<Generator, 'generate'> & Pick<StepRecomputer, 'recomputeStep'>,
  { answer, params, step }: CertifyTask,
  hooks: Pick<GenerationHooks, 'signal'> = {},
): Promise<CertifyRun> {
  const states = new Map<number, Float32Array>()
  let frame = new Uint8Array()
  const generated = await model.generate(params, {
    ...hooks,
    onState: (i, tensors) => {
      if ([step - 1, step, params.steps].includes(i)) states.set(i, joinState(tensors).state)
    },
    onFrame: (index, rgb) => {
      if (index === params.frames) frame = Uint8Array.from(rgb)
    },
  })
  const opened = {
    step,
    frame: params.frames,
    before: states.get(step - 1)!,
    finalLatents: states.get(params.steps)!,
  }
  const again = await model.recomputeStep(params, opened, hooks)
  return {
    answer,
    framesSha256: generated.framesSha256,
    traceRoot: generated.traceRoot,
    elapsedUs: generated.timings.total_us,
    usPerWork: usPerWork(generated.timings.total_us, workOf(params)),
    spotCheckUsPerPixel: spotCheckUsPerPixel(again.elapsedUs, pixelsOf(params)),
    spotCheckOk:
      again.initialDigest === generated.stepDigests[0] &&
      again.stateDigest === generated.stepDigests[step] &&
      again.frameDigest === generated.frameDigests.at(-1),
    stepDeviation: stateDeviation(again, states.get(step)!),
    frameDeviation: frameDeviation(again.rgb, frame),
  }
}
