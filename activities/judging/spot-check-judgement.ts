import type { CertificateRow } from '../../ledger/judging/certificates.js'
import type { SpotCheckRow } from '../../ledger/judging/spot-checks.js'
import type { NewVerdict } from '../../ledger/judging/verdicts.js'
import type { AttemptFacts } from '../../ledger/requests/attempts.js'
import type { Judgement } from '../../rules/judge/judge-answer.js'
import { judgeSpotCheck, type SpotCheckInput } from '../../rules/judge/judge-spot-check.js'
import { stepTolerance } from '../../rules/judge/step-tolerance.js'

interface StoredSpotCheck {
  row: SpotCheckRow
  /** The answer that is checked. */
  attempt: AttemptFacts
  certificates: readonly CertificateRow[]
}

/** A stored spot check's verdict; null while something may still come. */
export function spotCheckJudgement(
  { row, attempt, certificates }: StoredSpotCheck,
  final: boolean,
): Judgement | null {
  const certificate = certificates.find((each) => each.determinismClass === row.determinismClass)
  return judgeSpotCheck({
    // A constraint of the table: a success has both.
    answer: { framesSha256: attempt.framesSha256!, traceRoot: attempt.traceRoot! },
    opening: row.opening,
    facts: row.facts,
    confirmation: row.confirmation,
    ...exactness(certificate),
    final,
  })
}

/** How spot checks of a class are compared: bit for bit, or within its measured tolerance. */
export function exactness(
  certificate: CertificateRow | null | undefined,
): Pick<SpotCheckInput, 'exact' | 'tolerance'> {
  if (!certificate) return { exact: false, tolerance: null }
  const { exact, stepDeviation, frameDeviation } = certificate
  const isMeasured = stepDeviation !== null && frameDeviation !== null
  return { exact, tolerance: isMeasured ? stepTolerance({ stepDeviation, frameDeviation }) : null }
}

/** The facts behind the verdict, to explain it. */
export function spotCheckDetail(
  { facts, message, step, frame }: SpotCheckRow,
  { verdict }: Judgement,
): NewVerdict['detail'] {
  if (verdict === 'abstained') return null
  if (facts === null) return { message }
  return { step, frame, ...facts }
}
