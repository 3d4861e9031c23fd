import type { RecordedAnswer } from '../../rules/record/answer-columns.js'
import type {
  DueWideRequest,
  PublicRecord,
  RecordedWeights,
  WindowInterval,
} from '../../rules/record/public-record.js'
import type {
  ProverKey,
  Settlement,
  SettlementInput,
  WideRequest,
  WindowRow,
} from '../../rules/settle/settlement.js'
import type { ComputedWeights } from '../weights/weight-vector.js'

/** The input and result of settling. */
export interface Settled {
  readonly input: SettlementInput
  readonly settlement: Settlement
  readonly weights: ComputedWeights
  /** What each of the previous intervals adds to shares. */
  readonly window: readonly (WindowRow & { n: number })[]
}

type Sections = Pick<
  PublicRecord,
  | 'standings'
  | 'dueWideRounds'
  | 'window'
  | 'certifiedUsPerWork'
  | 'standardWork'
  | 'settlement'
  | 'weights'
>

const LAPSED: Sections = {
  standings: null,
  dueWideRounds: null,
  window: null,
  certifiedUsPerWork: null,
  standardWork: null,
  settlement: null,
  weights: null,
}

/**
 * The record's sections for a settled interval; all null for a lapsed one.
 * @param answers of the record
 */
export function settledSections(
  settled: Settled | null,
  answers: readonly RecordedAnswer[],
  indexOf: (prover: ProverKey) => number,
): Sections {
  if (settled === null) return LAPSED
  const { input, settlement, weights, window } = settled
  const told = new Set(answers.flatMap((row) => (row.outcome === null ? [] : [row.requestId])))
  return {
    standings: [...input.provers],
    dueWideRounds: input.wideRounds.map(({ n, round, gpus, requests, ...prover }) => ({
      n,
      round,
      prover: indexOf(prover),
      gpus,
      requests: requests.map((request) => dueRequest(request, told.has(request.requestId))),
    })),
    window: windowIntervals(input.provers, window, indexOf),
    certifiedUsPerWork: input.certifiedUsPerWork,
    standardWork: input.standardWork,
    settlement,
    weights: recordedWeights(weights),
  }
}

function dueRequest(request: WideRequest, isTold: boolean): DueWideRequest {
  const { requestId, ofRound, lost, ...facts } = request
  return { requestId, ofRound, lost, elsewhere: isTold ? null : facts }
}

/** Only for provers that are settled now. */
function windowIntervals(
  provers: readonly ProverKey[],
  rows: readonly (WindowRow & { n: number })[],
  indexOf: (prover: ProverKey) => number,
): WindowInterval[] {
  const settled = new Set(provers.map(keyOf))
  const intervals = new Map<number, WindowInterval>()
  for (const { n, hotkey, registeredBlock, ...counts } of rows) {
    const interval = intervals.get(n) ?? { n, counts: [] }
    intervals.set(n, interval)
    const prover = { hotkey, registeredBlock }
    if (settled.has(keyOf(prover))) interval.counts.push({ ...counts, prover: indexOf(prover) })
  }
  return [...intervals.values()]
}

function keyOf({ hotkey, registeredBlock }: ProverKey): string {
  return `${hotkey}@${registeredBlock}`
}

function recordedWeights({ kind, reason, uids, values, input }: ComputedWeights): RecordedWeights {
  const { block, neurons, ownUid, minAllowed, maxWeightLimit } = input
  return {
    kind,
    reason,
    block: { number: block.number, hash: block.hash },
    neurons: neurons.map(({ hotkey }) => hotkey),
    ownUid,
    minAllowed,
    maxWeightLimit,
    uids: [...uids],
    values: [...values],
  }
}
