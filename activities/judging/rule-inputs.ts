import type { GroundTruthRow } from '../../ledger/judging/ground-truths.js'
import type { AttemptFacts } from '../../ledger/requests/attempts.js'
import type { GroundTruth } from '../../rules/judge/judge-answer.js'
import type { AttemptOutcome } from '../../rules/judge/judge-challenge-or-audit.js'

/** A stored attempt as the rules see it; null while it has no outcome. */
export function attemptOutcome(row: AttemptFacts | undefined): AttemptOutcome | null {
  if (row === undefined || row.outcome === null) return null
  const { outcome, framesSha256, traceRoot, determinismClass, reason } = row
  // A constraint of the table: a success has its hash and class.
  return outcome === 'success'
    ? {
        outcome,
        framesSha256: framesSha256!,
        traceRoot: traceRoot!,
        determinismClass: determinismClass!,
      }
    : { outcome, reason: reason ?? 'error' }
}

/** A stored ground truth as the rules see it. */
export function groundTruth(row: GroundTruthRow): GroundTruth {
  const { framesSha256, traceRoot, knownAnswerOk, determinismClass } = row
  return {
    framesSha256,
    traceRoot,
    confirmSha256: row.confirmFramesSha256,
    confirmTraceRoot: row.confirmTraceRoot,
    knownAnswerOk,
    determinismClass,
  }
}
