import { sr25519Ready, verifyText } from '../../base/sr25519.js'
import { checkReceipt } from '../../formats/receipt/check-receipt.js'
import { conclusionOf } from '../../formats/receipt/conclusion.js'
import type { Finding } from '../../formats/receipt/finding.js'
import { printJson, printLine } from '../output.js'
import { printFindings } from '../recompute/print-findings.js'
import { readJsonFile } from '../recompute/read-json-file.js'
import { withEngine } from '../recompute/with-engine.js'
import { UsageError } from '../usage-error.js'
import { type GivenFrames, readFrames } from './frames-file.js'
import { parseReceipt, type Receipt } from './receipt-schema.js'
import { recomputeReceipt } from './recompute-receipt.js'

const MAX_BYTES = 4_000_000

export interface VerifyRequest {
  /** Of a receipt's JSON, or `-`. */
  readonly file: string
  readonly frames: string | undefined
  readonly recompute: boolean
  readonly json: boolean
  /** The command line's, for the engine. */
  readonly given: Readonly<Record<string, unknown>>
}

/**
 * Checks a receipt and says line by line what holds; the process ends with 1 when something does not.
 * @throws FractalError `file_malformed` and others of reading, EngineError
 */
export async function verifyReceipt(request: VerifyRequest): Promise<void> {
  const { file, recompute, json } = request
  const receipt = parseReceipt(await readJsonFile(file, 'receipt', MAX_BYTES))
  const given = await givenFrames(request, receipt)
  await sr25519Ready()
  const check = checkReceipt({
    receipt,
    frames: given?.format === 'rgb' ? given.frames : null,
    asked: null,
    isSignedBy: verifyText,
  })
  const findings: Finding[] = [...check.findings, ...check.lines]
  // What was not asked for is not worth computing.
  if (recompute && check.holds) {
    findings.push(
      ...(await withEngine(request.given, (engine, signal) =>
        recomputeReceipt(engine, receipt, given, signal),
      )),
    )
  }
  const failed = findings.filter(({ found }) => found === 'failed')
  if (failed.length > 0) process.exitCode = 1
  const { title, text } = conclusionOf(receipt, holdsText(findings))
  if (json) {
    printJson({ holds: failed.length === 0, findings, judgment: receipt.judgment })
    return
  }
  printFindings(findings)
  printLine('')
  if (failed.length > 0) {
    printLine(`The receipt does not hold: ${failed.map(({ what }) => what).join('; ')}.`)
    return
  }
  printLine(`${title}. ${text}`)
  printLine(whatIsTold(receipt))
}

async function givenFrames(
  { frames, recompute }: VerifyRequest,
  { width, height, num_frames }: Receipt,
): Promise<GivenFrames | null> {
  if (frames === undefined) return null
  const given = await readFrames(frames, { width, height, frames: num_frames })
  if (given.format === 'mp4' && !recompute) {
    throw new UsageError(
      'An MP4 loses some of each frame, so that no hash is over it.',
      'Add --recompute, which makes the frames and the MP4 again, or give the frames themselves as .rgb.',
    )
  }
  return given
}

function holdsText(findings: readonly Finding[]): string {
  const ok = (id: string) => findings.some((each) => each.id === id && each.found === 'ok')
  if (ok('recomputed')) {
    return 'For exactly this request this prover signed exactly the frames that this machine made of it, too.'
  }
  return ok('frames')
    ? 'For exactly this request this prover signed exactly these frames.'
    : 'For exactly this request this prover signed frames of this sum.'
}

/** What stands under nobody's signature, and where it is told later. */
function whatIsTold({ judgment, interval, url }: Receipt): string {
  const later = url === '' ? 'GET /v1/videos/{id}/receipt' : `GET ${url}`
  if (judgment.state === 'not_yet_public') {
    const until = interval === null ? 'its interval' : `interval ${interval}`
    return `Whether the verifier checked this answer, and how, ${later} says when ${until} is final and its weights are in the open on the chain.`
  }
  return `What the verifier found is told by the API when the receipt was fetched, and signed in the public record; ${later} says it later too.`
}
