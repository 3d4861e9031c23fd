import type { Engine } from '../../engine/engine.js'
import { encodeVideo } from '../../engine/video/video-file.js'
import { concat, utf8 } from '../../formats/bytes.js'
import { shortClass } from '../../formats/determinism-class.js'
import { type GenerationParams, generationParams } from '../../formats/generation.js'
import { type Finding, finding } from '../../formats/receipt/finding.js'
import { cosinePpm } from '../../rules/judge/similarity.js'
import { decodeBody } from '../../wire/generation-body.js'
import { generateFrames } from '../recompute/generate-frames.js'
import type { GivenFrames } from './frames-file.js'
import type { Receipt } from './receipt-schema.js'

const WHAT = 'The model makes these frames of this request'

/**
 * Generates a receipt's video again. Only a machine of the answer's class has to get the same bytes: another one's
 * bytes say something when they are the same, and nothing when they are not.
 * @throws WireError for a request that is none, EngineError
 */
export async function recomputeReceipt(
  engine: Engine,
  receipt: Receipt,
  given: GivenFrames | null,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { answer } = receipt
  if (engine.modelRoot !== answer.model_root) {
    const text = `The model here has the root ${engine.modelRoot.slice(0, 12)}, the answer’s ${answer.model_root.slice(0, 12)}: name its folder with --model.dir.`
    return [{ id: 'recomputed', what: WHAT, found: 'failed', text }]
  }
  const params = generationParams(decodeBody(utf8(receipt.request.body)))
  const { made, frames } = await generateFrames(engine, params, signal)
  const sameFrames = made.framesSha256 === answer.frames_sha256
  const same = sameFrames && made.traceRoot === answer.trace_root
  const findings: Finding[] = []
  if (engine.determinismClass === answer.determinism_class || same) {
    findings.push(
      finding(
        'recomputed',
        WHAT,
        same,
        'Generated again here: the same frames and the same trace, byte for byte.',
        sameFrames
          ? 'Generated again here, on a machine of the same class: the same frames, but another trace than was signed.'
          : 'Generated again here, on a machine of the same class: other frames. Its prover did not compute this request.',
      ),
    )
  } else {
    findings.push(elsewhere(engine, receipt, given, params, frames))
  }
  if (given?.format === 'mp4') findings.push(await mp4Finding(given.bytes, params, frames))
  return findings
}

/** Of another class: how alike they are is told, and proves nothing. */
function elsewhere(
  engine: Engine,
  { answer }: Receipt,
  given: GivenFrames | null,
  params: GenerationParams,
  frames: readonly Uint8Array[],
): Finding {
  const [here, there] = [engine.determinismClass, answer.determinism_class].map(shortClass)
  const raw = given?.format === 'rgb' ? concat(...given.frames) : null
  const made = concat(...frames)
  const alike =
    raw !== null && raw.length === made.length
      ? ` They are alike by ${(cosinePpm(raw, made, params) / 10_000).toFixed(2)} % (cosine).`
      : ''
  const text = `This machine’s class is ${here}, the answer’s ${there}: their bytes need not be the same, and are not.${alike} Only a machine of class ${there} can tell.`
  return { id: 'recomputed', what: WHAT, found: 'open', text }
}

async function mp4Finding(
  mp4: Uint8Array,
  { width, height, fps }: GenerationParams,
  frames: readonly Uint8Array[],
): Promise<Finding> {
  const again = await encodeVideo('mp4', { frames: [...frames], width, height, fps })
  return finding(
    'mp4',
    'The MP4 shows these frames',
    Buffer.from(again).equals(mp4),
    'Made again here from the frames that were generated: the same file, byte for byte.',
    'It is not the file that this version makes of the frames that were generated here: it was changed, made by another version, or is of other frames.',
  )
}
