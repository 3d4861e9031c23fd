import type { WorkShape } from '../../formats/video-shape.js'
import { compareText } from '../../rules/order.js'
import type { RecordedAnswer } from '../../rules/record/answer-columns.js'
import type { AnswerRow } from '../../rules/settle/settlement.js'
import { REASONS, type Reason } from '../../rules/verdicts.js'
import type { Queryable } from '../database.js'
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

/** Each cell as text; null and '' are the same in all of them. */
const CELLS = {
  requestId: 'a.request_id::text',
  hotkey: 'a.hotkey',
  registeredBlock: 'a.registered_block::text',
  kind: 'a.kind',
  counted: 'a.counted::text',
  gpus: 'a.gpus::text',
  inFlight: 'a.in_flight::text',
  outcome: 'a.outcome',
  reason: 'a.reason',
  apiKeyId: 'a.api_key_id',
  taken: 'a.taken::text',
  wideN: 'a.wide_n::text',
  wideRound: 'a.wide_round::text',
  bodySha256: 'a.body_sha256',
  promptSha256: 'a.prompt_sha256',
  framesSha256: 'a.frames_sha256',
  traceRoot: 'a.trace_root',
  determinismClass: 'a.determinism_class',
  modelRoot: 'a.model_root',
  signature: 'a.signature',
  steps: `${SHAPE.steps}::text`,
  frames: `${SHAPE.frames}::text`,
  width: `${SHAPE.width}::text`,
  height: `${SHAPE.height}::text`,
  // Double precision is exact to a quarter of a microsecond here; numeric takes longer.
  completedAtUs: `round(date_part('epoch', a.completed_at) * 1000000)::bigint::text`,
} as const satisfies Record<keyof IntervalRequest, string>

type Name = keyof typeof CELLS

const COLUMNS = Object.entries(CELLS).map(
  ([name, sql]) => `string_agg(coalesce(${sql}, ''), E'\\n') AS "${name}"`,
)

/**
 * An interval's requests in the order in which their outcomes were recorded; challenges without one come last. There are
 * tens of thousands of them, a million cells, which as rows keep PostgreSQL and the driver busy for longer than all else
 * in settling: so each column is read as one text, a line for each request.
 * @throws LedgerError `row_invalid`
 */
export async function intervalRequests(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<IntervalRequest[]> {
  const [columns] = await db.query<Record<Name, string | null>>(
    `SELECT ${COLUMNS.join(', ')} FROM attempts a ${OLD_SHAPE}
     WHERE a.netuid = $1 AND a.verifier = $2 AND a.n = $3`,
    [id.netuid, id.verifier, n],
  )
  return requestsIn(columns!).sort(byOutcome)
}

function requestsIn(columns: Record<Name, string | null>): IntervalRequest[] {
  if (columns.requestId === null) return []
  const lists = new Map(Object.entries(columns).map(([name, text]) => [name, text?.split('\n')]))
  const count = lists.get('requestId')!.length
  for (const [name, list] of lists) if (list?.length !== count) throw invalid(name)
  return Array.from({ length: count }, (_, i) => {
    const must = (name: Name) => lists.get(name)![i]!
    const text = (name: Name) => must(name) || null
    const number = (name: Name) => (must(name) === '' ? null : Number(must(name)))
    const code = <C extends string>(name: Name, is: (value: string) => value is C): C => {
      const value = must(name)
      if (!is(value)) throw invalid(name)
      return value
    }
    return {
      requestId: must('requestId'),
      hotkey: must('hotkey'),
      registeredBlock: Number(must('registeredBlock')),
      kind: code('kind', isKind),
      counted: must('counted') === 'true',
      gpus: number('gpus'),
      inFlight: number('inFlight'),
      outcome: must('outcome') === '' ? null : code('outcome', isOutcome),
      reason: must('reason') === '' ? null : code('reason', isReason),
      apiKeyId: text('apiKeyId'),
      taken: must('taken') === '' ? null : uuidsIn(must('taken')),
      wideN: number('wideN'),
      wideRound: number('wideRound'),
      bodySha256: must('bodySha256'),
      promptSha256: text('promptSha256'),
      framesSha256: text('framesSha256'),
      traceRoot: text('traceRoot'),
      determinismClass: text('determinismClass'),
      modelRoot: text('modelRoot'),
      signature: text('signature'),
      steps: number('steps'),
      frames: number('frames'),
      width: number('width'),
      height: number('height'),
      completedAtUs: number('completedAtUs'),
    }
  })
}

/** An array, as PostgreSQL writes it. */
function uuidsIn(text: string): string[] {
  return text.match(/[0-9a-f-]+/g) ?? []
}

const isKind = (value: string): value is AnswerRow['kind'] => Object.hasOwn(KINDS, value)

const isOutcome = (value: string): value is AnswerRow['outcome'] => Object.hasOwn(OUTCOMES, value)

const isReason = (value: string): value is Reason => Object.hasOwn(REASONS, value)

const KINDS: Record<AnswerRow['kind'], true> = { challenge: true, inference: true, wide: true }

const OUTCOMES: Record<AnswerRow['outcome'], true> = {
  success: true,
  failure: true,
  neutral: true,
  refused: true,
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
