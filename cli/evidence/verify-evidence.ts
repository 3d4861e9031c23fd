import { sr25519Ready } from '../../base/sr25519.js'
import { checkEvidence } from '../../wire/evidence/check-evidence.js'
import { EVIDENCE_MAX_BYTES, parseEvidence } from '../../wire/evidence/evidence-schema.js'
import { printJson, printLine } from '../output.js'
import { printFindings } from '../recompute/print-findings.js'
import { readJsonFile } from '../recompute/read-json-file.js'
import { withEngine } from '../recompute/with-engine.js'
import { recomputeEvidence } from './recompute-evidence.js'

export interface VerifyEvidence {
  readonly file: string
  readonly recompute: boolean
  readonly json: boolean
  /** The command line's, for the engine. */
  readonly given: Readonly<Record<string, unknown>>
}

/**
 * Checks evidence of a cheat and says line by line what holds; the process ends with 1 when something does not.
 * @throws WireError `bad_request`, FractalError of reading, EngineError
 */
export async function verifyEvidence({
  file,
  recompute,
  json,
  given,
}: VerifyEvidence): Promise<void> {
  const evidence = parseEvidence(await readJsonFile(file, 'evidence', EVIDENCE_MAX_BYTES))
  await sr25519Ready()
  const findings = await checkEvidence(evidence)
  const isFailed = () => findings.some(({ found }) => found === 'failed')
  if (recompute && !isFailed()) {
    findings.push(
      await withEngine(given, (engine, signal) => recomputeEvidence(engine, evidence, signal)),
    )
  }
  const failed = findings.filter(({ found }) => found === 'failed')
  if (failed.length > 0) process.exitCode = 1
  if (json) {
    printJson({ holds: failed.length === 0, findings })
    return
  }
  printFindings(findings)
  printLine('')
  const who = `${evidence.prover}, request ${evidence.request_id}, interval ${evidence.interval}`
  printLine(
    failed.length > 0
      ? `The evidence does not hold: ${failed.map(({ what }) => what).join('; ')}.`
      : `The evidence holds: ${who}.`,
  )
}
