import { inflateSync } from 'node:zlib'
import type { Engine } from '../../engine/engine.js'
import { frameDeviation, stateDeviation } from '../../engine/pipeline/deviation.js'
import { concat } from '../../formats/bytes.js'
import { shortClass } from '../../formats/determinism-class.js'
import type { GenerationParams } from '../../formats/generation.js'
import { type Finding, finding } from '../../formats/receipt/finding.js'
import { cosinePpm } from '../../rules/judge/similarity.js'
import type {
  Evidence,
  SpotCheckEvidence,
  WholeEvidence,
} from '../../wire/evidence/evidence-schema.js'
import {
  judgeOpened,
  judgeWhole,
  type OpenedStates,
  requestParams,
  statesOf,
} from '../../wire/evidence/judged-again.js'
import { generateFrames } from '../recompute/generate-frames.js'

const WHAT = 'Computed again here, it is a cheat'

/**
 * Computes again what the verifier says that it computed. Only a machine of the answer's class can: another one's bytes
 * differ from everybody's.
 * @throws EngineError
 */
export async function recomputeEvidence(
  engine: Engine,
  evidence: Evidence,
  signal: AbortSignal,
): Promise<Finding> {
  const { answer } = evidence
  if (engine.modelRoot !== answer.model_root) {
    const text = `The model here has the root ${engine.modelRoot.slice(0, 12)}, the answer’s ${answer.model_root.slice(0, 12)}: name its folder with --model.dir.`
    return { id: 'recomputed-here', what: WHAT, found: 'failed', text }
  }
  if (engine.determinismClass !== answer.determinism_class) {
    const [here, there] = [engine.determinismClass, answer.determinism_class].map(shortClass)
    const text = `This machine’s class is ${here}, the answer’s ${there}: only a machine of class ${there} can tell.`
    return { id: 'recomputed-here', what: WHAT, found: 'open', text }
  }
  const params = requestParams(evidence)
  const states = evidence.kind === 'spotcheck' ? statesOf(evidence) : null
  if (evidence.kind === 'spotcheck' && states !== null) {
    return stepAgain(engine, evidence, params, states, signal)
  }
  return wholeAgain(engine, evidence, params, signal)
}

async function stepAgain(
  engine: Engine,
  evidence: SpotCheckEvidence,
  params: GenerationParams,
  states: OpenedStates,
  signal: AbortSignal,
): Promise<Finding> {
  const { opened, exact, reason } = evidence
  const { step, frame, sent_frame: sent } = opened
  const { before, after, final: finalLatents } = states
  const made = await engine.recomputeStep(params, { step, frame, before, finalLatents }, { signal })
  const judgement = judgeOpened(evidence, params, {
    initial: made.initialDigest,
    after: made.stateDigest,
    frame: made.frameDigest,
    stepDeviation: stateDeviation(made, after),
    frameDeviation:
      sent === null ? null : frameDeviation(made.rgb, inflateSync(Buffer.from(sent, 'base64'))),
  })
  const { initial, after: afterDigest, frame: frameDigest } = opened.recomputed
  const same =
    initial === made.initialDigest &&
    afterDigest === made.stateDigest &&
    frameDigest === made.frameDigest
  const found = judgement?.verdict === 'cheat' && judgement.reason === reason
  return finding(
    'recomputed-here',
    WHAT,
    found && (same || !exact),
    `Step ${step} and frame ${frame} of ${params.steps} and ${params.frames}: this machine finds what the verifier found.`,
    found
      ? `Step ${step} and frame ${frame}: a cheat here too, but the verifier does not say what this machine gets.`
      : `Step ${step} and frame ${frame}: the rules give ${judgement?.verdict} (${judgement?.reason}) on what this machine gets.`,
  )
}

/** The whole request, where the states are not in the file or were not opened: a step that differs makes another trace. */
async function wholeAgain(
  engine: Engine,
  evidence: Evidence,
  params: GenerationParams,
  signal: AbortSignal,
): Promise<Finding> {
  const { made, frames } = await generateFrames(engine, params, signal)
  const { answer } = evidence
  if (evidence.kind === 'spotcheck') {
    return finding(
      'recomputed-here',
      WHAT,
      evidence.exact && made.traceRoot !== answer.trace_root,
      'The whole request, generated here, has another trace than was signed.',
      evidence.exact
        ? 'The whole request, generated here, has the trace that was signed: it was computed as asked.'
        : 'In a class that is not exact a whole trace says nothing, and the states are not in the file.',
    )
  }
  const judgement = judgeWhole(evidence, {
    framesSha256: made.framesSha256,
    traceRoot: made.traceRoot,
    cosinePpm: cosineWith(evidence, params, frames),
  })
  return finding(
    'recomputed-here',
    WHAT,
    judgement.verdict === 'cheat' && judgement.reason === evidence.reason,
    'The whole request, generated here: the rules give the same verdict on it.',
    `The whole request, generated here: the rules give ${judgement.verdict} (${judgement.reason}).`,
  )
}

function cosineWith(
  { truth, exact }: WholeEvidence,
  params: GenerationParams,
  frames: readonly Uint8Array[],
): number | null {
  if (exact || truth.sent_frames === null) return null
  const sent = truth.sent_frames.map((zlib) => inflateSync(Buffer.from(zlib, 'base64')))
  return cosinePpm(concat(...sent), concat(...frames), params)
}
