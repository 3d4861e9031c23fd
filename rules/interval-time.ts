import { LAPSE_SECONDS } from './constants.js'

/** The blocks of an interval. */
export interface IntervalBlocks {
  firstBlock: number
  length: number
}

/**
 * Whether it is too late to begin an interval: one found in its second half counts as passed, because
 * its rounds are over.
 * @param finalized the last final block
 */
export function hasPassed({ firstBlock, length }: IntervalBlocks, finalized: number): boolean {
  return finalized >= firstBlock + Math.ceil(length / 2)
}

/**
 * Whether an interval's time to settle has passed: max(one interval, 15 minutes) of final blocks after
 * its last one. It lapses then.
 */
export function isOverdue(
  { firstBlock, length }: IntervalBlocks,
  { finalized, blockSeconds }: { finalized: number; blockSeconds: number },
): boolean {
  const grace = Math.max(length, Math.ceil(LAPSE_SECONDS / blockSeconds))
  return finalized >= firstBlock + length + grace
}
