import type { WorkShape } from '../../formats/video-shape.js'
import { compareText } from '../../rules/order.js'
import type { RecordedAnswer } from '../../rules/record/answer-columns.js'
import type { AnswerRow } from '../../rules/settle/settlement.js'
import { REASONS } from '../../rules/verdicts.js'
import {
  bigintIn,
  booleanIn,
  type Cells,
  copiedRows,
  integerIn,
  textIn,
  unixUsIn,
  uuidIn,
} from '../copied-rows.js'
import type { Tx } from '../database.js'
import { LedgerError } from '../errors.js'
import { OLD_SHAPE, SHAPE } from '../requests/body-shape.js'
import type { VerifierId } from '../verifier-id.js'

/** A request of an interval with all that settling and the record need of it, except for its checks. */
export interface IntervalRequest
  extends Omit<RecordedAnswer, 'key' | 'taken' | 'shape' | 'wide' | 'answer' | 'checks'> {
  apiKeyId: string | null
  taken: string[] | null
  wideN: number | null
  wideRound: number | null
  framesSha256: string | null
  traceRoot: string | null
  determinismClass: string | null
  modelRoot: string | null
  signature: string | null
  /** Null if its body was removed. */
  steps: number | null
  frames: number | null
  width: number | null
  height: number | null
  /** Unix time of its outcome; null for a challenge without one. */
  completedAtUs: number | null
}

const KINDS: Record<AnswerRow['kind'], true> = { challenge: true, inference: true, wide: true }

const OUTCOMES: Record<AnswerRow['outcome'], true> = {
  success: true,
  failure: true,
  neutral: true,
  refused: true,
}

/** Of attempts `a`, after `OLD_SHAPE`. */
const CELLS: Cells<IntervalRequest> = {
  requestId: { sql: 'a.request_id', read: uuidIn },
  hotkey: { sql: 'a.hotkey', read: textIn },
  registeredBlock: { sql: 'a.registered_block', read: bigintIn },
  kind: { sql: 'a.kind', read: oneOf(KINDS) },
  counted: { sql: 'a.counted', read: booleanIn },
  gpus: { sql: 'a.gpus', read: integerIn, orNull: true },
  inFlight: { sql: 'a.in_flight', read: integerIn, orNull: true },
  outcome: { sql: 'a.outcome', read: oneOf(OUTCOMES), orNull: true },
  reason: { sql: 'a.reason', read: oneOf(REASONS), orNull: true },
  apiKeyId: { sql: 'a.api_key_id', read: textIn, orNull: true },
  taken: { sql: 'a.taken::text', read: uuidsIn, orNull: true },
  wideN: { sql: 'a.wide_n', read: integerIn, orNull: true },
  wideRound: { sql: 'a.wide_round', read: integerIn, orNull: true },
  bodySha256: { sql: 'a.body_sha256', read: textIn },
  promptSha256: { sql: 'a.prompt_sha256', read: textIn, orNull: true },
  framesSha256: { sql: 'a.frames_sha256', read: textIn, orNull: true },
  traceRoot: { sql: 'a.trace_root', read: textIn, orNull: true },
  determinismClass: { sql: 'a.determinism_class', read: textIn, orNull: true },
  modelRoot: { sql: 'a.model_root', read: textIn, orNull: true },
  signature: { sql: 'a.signature', read: textIn, orNull: true },
  steps: { sql: SHAPE.steps, read: integerIn, orNull: true },
  frames: { sql: SHAPE.frames, read: integerIn, orNull: true },
  width: { sql: SHAPE.width, read: integerIn, orNull: true },
  height: { sql: SHAPE.height, read: integerIn, orNull: true },
  completedAtUs: { sql: 'a.completed_at', read: unixUsIn, orNull: true },
}

const COLUMNS = Object.values(CELLS).map(({ sql }) => sql)

/**
 * An interval's requests in the order in which their outcomes were recorded; challenges without one come last. There are
 * tens of thousands of them, a million cells, which as rows keep PostgreSQL and the driver busy for longer than all else
 * in settling: so they are copied.
 * @throws LedgerError `row_invalid`
 */
export async function intervalRequests(
  tx: Tx,
  id: VerifierId,
  n: number,
): Promise<IntervalRequest[]> {
  const copied = await tx.copy(
    `SELECT ${COLUMNS.join(', ')} FROM attempts a ${OLD_SHAPE}
     WHERE a.netuid = $1 AND a.verifier = $2 AND a.n = $3`,
    [id.netuid, id.verifier, n],
  )
  return copiedRows(copied, CELLS, invalid).sort(byOutcome)
}

/** An array, as PostgreSQL writes it. */
function uuidsIn(bytes: Buffer, from: number, to: number): string[] {
  return textIn(bytes, from, to).match(/[0-9a-f-]+/g) ?? []
}

function oneOf<C extends string>(codes: Readonly<Record<C, unknown>>) {
  return (bytes: Buffer, from: number, to: number): C | undefined => {
    const value = textIn(bytes, from, to)
    return Object.hasOwn(codes, value) ? (value as C) : undefined
  }
}

function invalid(column: string): LedgerError {
  return new LedgerError('row_invalid', `attempts: a request's ${column} is invalid`, {
    hint: 'Written by another version, or changed by hand: correct it in the database.',
    details: { table: 'attempts', column },
  })
}

/** As `ORDER BY completed_at NULLS LAST, request_id`: a record's order. */
function byOutcome(a: IntervalRequest, b: IntervalRequest): number {
  if (a.completedAtUs !== b.completedAtUs) {
    return (
      (a.completedAtUs ?? Number.MAX_SAFE_INTEGER) - (b.completedAtUs ?? Number.MAX_SAFE_INTEGER)
    )
  }
  return compareText(a.requestId, b.requestId)
}

/** Null if its body was removed. */
export function shapeOf({ steps, frames, width, height }: IntervalRequest): WorkShape | null {
  if (steps === null || frames === null || width === null || height === null) return null
  return { steps, frames, width, height }
}

/** What the rules settle by: the requests that have an outcome. */
export function answersAmong(requests: readonly IntervalRequest[]): AnswerRow[] {
  return requests.flatMap((request) => {
    const { outcome, reason, completedAtUs } = request
    if (outcome === null || reason === null || completedAtUs === null) return []
    const { requestId, hotkey, registeredBlock, kind, counted, apiKeyId, gpus, inFlight, taken } =
      request
    return {
      ...{ requestId, hotkey, registeredBlock, kind, outcome, reason, counted, apiKeyId },
      ...{ completedAtUs, gpus, inFlight, taken },
    }
  })
}
