import { type IntervalRequest, shapeOf } from '../../ledger/intervals/interval-requests.js'
import type { RecordedAnswer, SignedAnswer } from '../../rules/record/answer-columns.js'
import type { CheckRow } from '../../rules/settle/settlement.js'

export interface RecordAnswers {
  /** In the order in which their outcomes were recorded. */
  readonly answers: RecordedAnswer[]
  /** Checks that count here, of requests that belong to an earlier interval or were never sent. */
  readonly otherChecks: CheckRow[]
}

/**
 * An interval's requests with the checks of each. API keys are numbered within this interval, so that nobody
 * learns who asked, but the caps can be recomputed.
 */
export function recordAnswers(
  rows: readonly IntervalRequest[],
  checks: readonly CheckRow[],
): RecordAnswers {
  const keys = [...new Set(rows.flatMap(({ apiKeyId }) => apiKeyId ?? []))].sort()
  const places = new Map(keys.map((key, i) => [key, i]))
  const answers = rows.map(
    (row): RecordedAnswer => ({
      requestId: row.requestId,
      hotkey: row.hotkey,
      registeredBlock: row.registeredBlock,
      kind: row.kind,
      counted: row.counted,
      gpus: row.gpus,
      inFlight: row.inFlight,
      outcome: row.outcome,
      reason: row.reason,
      key: row.apiKeyId === null ? null : places.get(row.apiKeyId)!,
      taken: row.taken ?? [],
      bodySha256: row.bodySha256,
      shape: shapeOf(row),
      wide:
        row.wideN === null || row.wideRound === null
          ? null
          : { n: row.wideN, round: row.wideRound },
      promptSha256: row.promptSha256,
      answer: signedAnswer(row),
      checks: [],
    }),
  )
  const byId = new Map(answers.map((row) => [row.requestId, row]))
  const otherChecks = checks.filter((check) => {
    const answer = byId.get(check.requestId)
    if (answer === undefined) return true
    const { kind, verdict, reason, rewardPpm } = check
    answer.checks.push({ kind, verdict, reason, rewardPpm })
    return false
  })
  return { answers, otherChecks }
}

function signedAnswer(row: IntervalRequest): SignedAnswer | null {
  const { framesSha256, traceRoot, determinismClass, modelRoot, signature } = row
  if (
    framesSha256 === null ||
    traceRoot === null ||
    determinismClass === null ||
    modelRoot === null ||
    signature === null
  ) {
    return null
  }
  return { framesSha256, traceRoot, determinismClass, modelRoot, signature }
}
