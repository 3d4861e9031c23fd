import type { WeightSetRow } from '../../ledger/intervals/weights.js'

export interface IntervalWeights {
  n: number
  /** Null if none was decided. */
  set: Pick<WeightSetRow, 'kind' | 'readBackOk'> | null
}

/**
 * What the demo promises of weights and did not hold, a sentence each. An interval that began before the verifier had
 * a wide round pays nobody, and rightly sets none; but some interval must.
 * @param intervals that settled
 */
export function weightsNotSet(intervals: readonly IntervalWeights[]): string[] {
  const earned = intervals.filter(({ set }) => set?.kind !== 'none')
  if (intervals.length > 0 && earned.length === 0) return ['nobody earned any weight']
  return earned
    .filter(({ set }) => set?.readBackOk !== true)
    .map(({ n }) => `the weights of interval ${n} were not set and read back from the chain`)
}
