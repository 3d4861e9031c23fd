import { RuleError } from '../error.js'
import type { MechanismProfile } from '../profile.js'
import type {
  AnswerRow,
  CheckRow,
  ProverKey,
  SettlementInput,
  WideRequest,
  WideRound,
} from '../settle/settlement.js'
import { sumWindow } from '../settle/share-counts.js'
import type { RecordedAnswer } from './answer-columns.js'
import {
  type DueWideRequest,
  PAYS_UNCHECKED,
  type PublicRecord,
  type RecordedProfile,
} from './public-record.js'

/** The profile from a record. */
export function profileOf({ vpermitLimitRao, ...profile }: RecordedProfile): MechanismProfile {
  return { ...profile, vpermitTaoLimit: Number(vpermitLimitRao) / 1e9 }
}

/**
 * What an interval was settled from, according to its record; null if it lapsed. Outcomes are numbered in the
 * order in which they were recorded, because settling uses their times only for this order.
 * @param answers of the record
 * @throws RuleError `bad_input` if its parts don't match each other
 */
export function settlementInput(
  record: PublicRecord,
  answers: readonly RecordedAnswer[],
): SettlementInput | null {
  const { n, profile, standings, dueWideRounds, window, standardWork } = record
  if (
    profile === null ||
    standings === null ||
    dueWideRounds === null ||
    window === null ||
    standardWork === null
  ) {
    return null
  }
  const prover = (place: number) => proverAt(record, place)
  const byId = new Map(answers.map((row) => [row.requestId, row]))
  return {
    n,
    profile: profileOf(profile),
    provers: standings,
    checks: checksOf(record, answers),
    answers: answers.flatMap(answerRow),
    wideRounds: dueWideRounds.map(
      ({ prover: place, requests, ...round }): WideRound => ({
        ...round,
        ...prover(place),
        requests: requests.map((request) => wideRequest(request, byId)),
      }),
    ),
    window: sumWindow(
      window.flatMap(({ counts }) =>
        counts.map(({ prover: place, ...row }) => ({ ...row, ...prover(place) })),
      ),
    ),
    certifiedUsPerWork: record.certifiedUsPerWork,
    paysUnchecked: PAYS_UNCHECKED.includes(record.version),
    standardWork,
    blocks: record.length,
  }
}

/** Every check that counts in the interval. @param answers of the record */
export function checksOf(record: PublicRecord, answers: readonly RecordedAnswer[]): CheckRow[] {
  const own = answers.flatMap(({ requestId, hotkey, registeredBlock, kind, counted, checks }) =>
    checks.map((check) => ({
      ...check,
      requestId,
      hotkey,
      registeredBlock,
      requestKind: kind,
      counted,
    })),
  )
  const others = record.otherChecks.map(({ prover, ...check }) => ({
    ...check,
    ...proverAt(record, prover),
  }))
  return [...own, ...others]
}

/** @throws RuleError `bad_input` for an index out of range */
export function proverAt({ provers }: Pick<PublicRecord, 'provers'>, place: number): ProverKey {
  const prover = provers[place]
  if (prover === undefined) throw new RuleError('bad_input', `provers has no entry ${place}`)
  return prover
}

function answerRow(row: RecordedAnswer, place: number): AnswerRow[] {
  const { outcome, reason } = row
  if (outcome === null || reason === null) return []
  const { requestId, kind, hotkey, registeredBlock, counted, gpus, inFlight, taken, key } = row
  return [
    {
      requestId,
      kind,
      hotkey,
      registeredBlock,
      outcome,
      reason,
      counted,
      apiKeyId: key === null ? null : String(key),
      completedAtUs: place,
      gpus,
      inFlight,
      taken,
    },
  ]
}

function wideRequest(
  { requestId, ofRound, lost, elsewhere }: DueWideRequest,
  byId: ReadonlyMap<string, RecordedAnswer>,
): WideRequest {
  if (elsewhere !== null) return { requestId, ofRound, lost, ...elsewhere }
  const answer = byId.get(requestId)
  if (answer === undefined || answer.outcome === null) {
    throw new RuleError('bad_input', `a wide round has the request ${requestId}, which is missing`)
  }
  const { kind, counted, outcome, gpus, inFlight, taken } = answer
  return { requestId, ofRound, lost, kind, counted, outcome, gpus, inFlight, taken }
}
