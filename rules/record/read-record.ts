import { decodeAnswers, type RecordedAnswer } from './answer-columns.js'
import type { PublicRecord } from './public-record.js'

/** A record with its columns decoded to rows. */
export interface ReadRecord {
  readonly record: PublicRecord
  /** In the order in which their outcomes were recorded. */
  readonly answers: readonly RecordedAnswer[]
  readonly byId: ReadonlyMap<string, RecordedAnswer>
}

/** @throws RuleError `bad_input` if its columns don't match each other, FormatError `bad_base64` */
export function readRecord(record: PublicRecord): ReadRecord {
  const answers = decodeAnswers(record.answers, record.provers)
  return { record, answers, byId: new Map(answers.map((row) => [row.requestId, row])) }
}
