import type { Hex } from '../../formats/bytes.js'
import type { WorkShape } from '../../formats/video-shape.js'
import type { AnswerRow, CheckRow, ProverKey } from '../settle/settlement.js'
import type { Reason } from '../verdicts.js'
import { bytesColumn, type Coded, coded, decoded, readBytesColumn } from './columns.js'

/** A check of an answer in the same interval; its prover and request kind are those of the answer. */
export type AnswerCheck = Pick<CheckRow, 'kind' | 'verdict' | 'reason' | 'rewardPpm'>

/** What a prover signed. */
export interface SignedAnswer {
  framesSha256: Hex
  traceRoot: Hex
  determinismClass: string
  modelRoot: Hex
  /** `0x` and 128 hex digits. */
  signature: string
}

/** A request in an interval, its outcome, and its checks. */
export interface RecordedAnswer
  extends ProverKey,
    Pick<AnswerRow, 'requestId' | 'kind' | 'counted' | 'gpus' | 'inFlight'> {
  /** Null for a challenge without one. */
  outcome: AnswerRow['outcome'] | null
  reason: Reason | null
  /** The API key, numbered within this interval; null for the verifier's own requests. */
  key: number | null
  taken: readonly string[]
  bodySha256: Hex
  /** Null if the request could no longer be read. */
  shape: WorkShape | null
  /** The wide round that sent it. */
  wide: { n: number; round: number } | null
  /** For a check that used a user's prompt. */
  promptSha256: Hex | null
  /** Null unless it was delivered. */
  answer: SignedAnswer | null
  checks: AnswerCheck[]
}

/**
 * Answers in columns, in the order in which their outcomes were recorded: an interval has tens of thousands,
 * and rows would repeat names and classes. `prover` is an index into the record's `provers`; a column of
 * bytes is the base64 of all its values, concatenated; the columns of what was signed contain only the
 * answers with a class.
 */
export interface AnswerColumns {
  count: number
  /** 16 bytes each. */
  requestIds: string
  /** 32 bytes each. */
  bodySha256: string
  prover: number[]
  kind: Coded<RecordedAnswer['kind']>
  outcome: Coded<RecordedAnswer['outcome']>
  reason: Coded<Reason | null>
  counted: Coded<boolean>
  key: Coded<number | null>
  gpus: Coded<number | null>
  inFlight: Coded<number | null>
  shape: Coded<WorkShape | null>
  wide: Coded<{ n: number; round: number } | null>
  checks: Coded<AnswerCheck[]>
  class: Coded<Pick<SignedAnswer, 'determinismClass' | 'modelRoot'> | null>
  /** 32 bytes each. */
  framesSha256: string
  /** 32 bytes each. */
  traceRoot: string
  /** 64 bytes each. */
  signature: string
  /** Only for answers that presented any. */
  taken: { answer: number; requestIds: string[] }[]
  promptSha256: { answer: number; sha256: Hex }[]
}

/**
 * @param rows in the order in which their outcomes were recorded
 * @param indexOf a prover's index in the record's `provers`
 */
export function encodeAnswers(
  rows: readonly RecordedAnswer[],
  indexOf: (prover: ProverKey) => number,
): AnswerColumns {
  const signed = rows.flatMap(({ answer }) => (answer === null ? [] : [answer]))
  return {
    count: rows.length,
    requestIds: bytesColumn(rows.map(({ requestId }) => requestId.replaceAll('-', ''))),
    bodySha256: bytesColumn(rows.map(({ bodySha256 }) => bodySha256)),
    prover: rows.map(indexOf),
    kind: coded(rows.map(({ kind }) => kind)),
    outcome: coded(rows.map(({ outcome }) => outcome)),
    reason: coded(rows.map(({ reason }) => reason)),
    counted: coded(rows.map(({ counted }) => counted)),
    key: coded(rows.map(({ key }) => key)),
    gpus: coded(rows.map(({ gpus }) => gpus)),
    inFlight: coded(rows.map(({ inFlight }) => inFlight)),
    shape: coded(rows.map(({ shape }) => shape)),
    wide: coded(rows.map(({ wide }) => wide)),
    checks: coded(rows.map(({ checks }) => checks)),
    class: coded(
      rows.map(
        ({ answer }) =>
          answer && { determinismClass: answer.determinismClass, modelRoot: answer.modelRoot },
      ),
    ),
    framesSha256: bytesColumn(signed.map(({ framesSha256 }) => framesSha256)),
    traceRoot: bytesColumn(signed.map(({ traceRoot }) => traceRoot)),
    signature: bytesColumn(signed.map(({ signature }) => signature.slice(2))),
    taken: rows.flatMap(({ taken }, answer) =>
      taken.length === 0 ? [] : [{ answer, requestIds: [...taken] }],
    ),
    promptSha256: rows.flatMap(({ promptSha256: sha256 }, answer) =>
      sha256 === null ? [] : [{ answer, sha256 }],
    ),
  }
}

/** The inverse of `encodeAnswers`. @throws RuleError `bad_input` if the columns don't match each other */
export function decodeAnswers(
  columns: AnswerColumns,
  provers: readonly ProverKey[],
): RecordedAnswer[] {
  const { count } = columns
  const ids = readBytesColumn(columns.requestIds, 16, count, 'request_ids')
  const bodies = readBytesColumn(columns.bodySha256, 32, count, 'body_sha256')
  const classes = decoded(columns.class, count, 'class')
  const signed = classes.filter((each) => each !== null).length
  const frames = readBytesColumn(columns.framesSha256, 32, signed, 'frames_sha256')
  const roots = readBytesColumn(columns.traceRoot, 32, signed, 'trace_root')
  const signatures = readBytesColumn(columns.signature, 64, signed, 'signature')
  const who = decoded({ values: [...provers], of: columns.prover }, count, 'prover')
  const kind = decoded(columns.kind, count, 'kind')
  const outcome = decoded(columns.outcome, count, 'outcome')
  const reason = decoded(columns.reason, count, 'reason')
  const counted = decoded(columns.counted, count, 'counted')
  const key = decoded(columns.key, count, 'key')
  const gpus = decoded(columns.gpus, count, 'gpus')
  const inFlight = decoded(columns.inFlight, count, 'in_flight')
  const shape = decoded(columns.shape, count, 'shape')
  const wide = decoded(columns.wide, count, 'wide')
  const checks = decoded(columns.checks, count, 'checks')
  const taken = new Map(columns.taken.map((row) => [row.answer, row.requestIds]))
  const prompts = new Map(columns.promptSha256.map((row) => [row.answer, row.sha256]))
  let at = 0
  return classes.map((of, i) => {
    const answer =
      of === null
        ? null
        : {
            ...of,
            framesSha256: frames[at]!,
            traceRoot: roots[at]!,
            signature: `0x${signatures[at++]!}`,
          }
    return {
      requestId: uuidOf(ids[i]!),
      hotkey: who[i]!.hotkey,
      registeredBlock: who[i]!.registeredBlock,
      kind: kind[i]!,
      outcome: outcome[i]!,
      reason: reason[i]!,
      counted: counted[i]!,
      key: key[i]!,
      gpus: gpus[i]!,
      inFlight: inFlight[i]!,
      taken: taken.get(i) ?? [],
      bodySha256: bodies[i]!,
      shape: shape[i]!,
      wide: wide[i]!,
      promptSha256: prompts.get(i) ?? null,
      answer,
      checks: checks[i]!,
    }
  })
}

function uuidOf(hex: Hex): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}
