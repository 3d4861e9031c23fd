import { LAPSE_SECONDS, RESTART_SECONDS } from './constants.js'

/** The blocks of an interval. */
export interface IntervalBlocks {
  firstBlock: number
  length: number
}

/**
 * Whether it is too late to begin an interval: in its second half it counts as passed, because most of its
 * rounds are over, unless it began no longer ago than a restart takes.
 * @param finalized the last final block
 */
export function hasPassed(
  interval: IntervalBlocks,
  { finalized, blockSeconds }: { finalized: number; blockSeconds: number },
): boolean {
  return finalized > lastBeginning(interval, blockSeconds)
}

/** The last final block at which an interval can still begin; it is one of the interval's own blocks. */
export function lastBeginning(
  { firstBlock, length }: IntervalBlocks,
  blockSeconds: number,
): number {
  const restart = Math.ceil(RESTART_SECONDS / blockSeconds)
  return firstBlock + Math.min(length, Math.max(Math.ceil(length / 2), restart)) - 1
}

/**
 * Whether an interval's time to settle has passed: max(one interval, 15 minutes) of final blocks after its
 * last one. Then it lapses.
 */
export function isOverdue(
  { firstBlock, length }: IntervalBlocks,
  { finalized, blockSeconds }: { finalized: number; blockSeconds: number },
): boolean {
  const grace = Math.max(length, Math.ceil(LAPSE_SECONDS / blockSeconds))
  return finalized >= firstBlock + length + grace
}

/**
 * The range of blocks in which users' requests are counted for the tier limits: floor((block − first block of
 * interval 1) / length). It depends on the chain's blocks alone, whether or not a verifier opens intervals:
 * an outage of the verifier must not stop users from being served.
 * @param newest the interval announced last, whose length is the one in force
 */
export function blockRange(newest: IntervalBlocks & { n: number }, block: number): number {
  return newest.n - 1 + Math.floor((block - newest.firstBlock) / newest.length)
}
