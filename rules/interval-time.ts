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
  return finalized > lastBeginning({ firstBlock, length })
}

/** The last final block at which an interval can still be begun. */
export function lastBeginning({ firstBlock, length }: IntervalBlocks): number {
  return firstBlock + Math.ceil(length / 2) - 1
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

/**
 * The range of blocks that limits of users' requests are counted in:
 * floor((block − first block of interval 1) / length). It goes on by the chain's blocks alone, whether or
 * not a verifier opens intervals: its outage must not end the serving of users.
 * @param newest the interval announced last, whose length is the one in force
 */
export function blockRange(newest: IntervalBlocks & { n: number }, block: number): number {
  return newest.n - 1 + Math.floor((block - newest.firstBlock) / newest.length)
}
