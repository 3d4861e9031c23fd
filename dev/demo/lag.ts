import type { Database } from '../../ledger/database.js'
import type { IntervalRow } from '../../ledger/intervals/intervals.js'
import { groundTruthsOf } from '../../ledger/judging/ground-truths.js'
import { type VerdictRow, verdictsOf } from '../../ledger/judging/verdicts.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { TOTAL_GPU_PERCENT } from '../../rules/constants.js'
import { BLOCK_MS, seconds } from './pace.js'

/** What an interval asked of the machine, and what the machine did. */
export interface IntervalLoad {
  readonly n: number
  readonly checks: number
  /** Checks that the verifier did not get to. */
  readonly noTime: number
  /** Challenges whose answers came after their deadline. */
  readonly late: number
  /** The interval's planned length. */
  readonly lengthMs: number
  /** How long its blocks took; null when it never closed. */
  readonly tookMs: number | null
  /** How long the ground truths took, one after another. */
  readonly gpuMs: number
}

/** The interval's blocks took half as long again: the chain, or the verifier, did not get a processor. */
const LATE_BLOCKS_FACTOR = 1.5
/** One check in so many without time, and what was not found is the machine's fault. */
const NO_TIME_DIVISOR = 5

/** Whether the verifier gave a check up because the interval ended before it was done. */
export function hadNoTime({ reason }: Pick<VerdictRow, 'reason'>): boolean {
  return reason === 'no_time' || reason === 'not_confirmed'
}

/** How many checks had no time, when these are enough to explain what was not found; else null. */
export function noTimeText(checks: number, noTime: number): string | null {
  return noTime === 0 || noTime * NO_TIME_DIVISOR < checks
    ? null
    : `no time for ${noTime} of ${checks} checks`
}

/** Reads what an interval that ended asked of the machine. */
export async function intervalLoad(
  db: Database,
  id: VerifierId,
  { n, length, openedAt, closedAt }: IntervalRow,
): Promise<IntervalLoad> {
  const checks = (await verdictsOf(db, id, n)).filter(({ kind }) => kind !== 'answer')
  const truths = await groundTruthsOf(
    db,
    checks.map(({ requestId }) => requestId),
  )
  return {
    n,
    checks: checks.length,
    noTime: checks.filter(hadNoTime).length,
    late: checks.filter(({ reason }) => reason === 'late' || reason === 'stalled').length,
    lengthMs: length * BLOCK_MS,
    tookMs: openedAt === null || closedAt === null ? null : +closedAt - +openedAt,
    gpuMs: truths.reduce((sum, { elapsedUs }) => sum + elapsedUs / 1000, 0),
  }
}

/** In one line how the machine fell behind in an interval; null when it kept up. */
export function lagLine(load: IntervalLoad): string | null {
  const { n, checks, noTime, late, lengthMs, tookMs, gpuMs } = load
  const signs = [
    ...(noTime > 0 ? [`no time for ${noTime} of ${checks} checks`] : []),
    ...(late > 0 ? [`${late} of the answers too late`] : []),
    ...(gpuMs * 100 > lengthMs * TOTAL_GPU_PERCENT
      ? [`ground truths took ${seconds(gpuMs)} of its ${seconds(lengthMs)}`]
      : []),
    ...(tookMs !== null && tookMs > LATE_BLOCKS_FACTOR * lengthMs
      ? [`its blocks took ${seconds(tookMs)}, not ${seconds(lengthMs)}`]
      : []),
  ]
  return signs.length === 0
    ? null
    : `this machine fell behind in interval ${n}: ${signs.join('; ')}`
}
