import { fromHex, type Hex } from '../../../formats/bytes.js'
import type { WeightsCommit } from '../../chain.js'
import { timelockHash } from '../../timelock/payload.js'
import { firstRevealBlock } from '../../timelock/reveal-block.js'

/** How a runtime determines when a subnet's epochs end. */
export type Schedule =
  /** Source: `blocks_until_next_epoch` of runtimes until 2026. */
  | { kind: 'by block number'; tempo: number }
  /** Source: `should_run_epoch`, `SubnetEpochIndex` of runtimes since. */
  | {
      kind: 'counted'
      tempo: number
      /** Index of the current epoch. */
      index: number
      lastEpochBlock: number
      /** 0: none. */
      pendingEpochAt: number
    }

/** The epoch of a block, if block numbers determine it. Source: `get_epoch_index`. */
export function epochByNumber(tempo: number, block: number, netuid: number): number {
  return Math.floor((block + netuid + 1) / (tempo + 1))
}

/** The blocks of an epoch, if block numbers determine it. */
export function blocksByNumber(tempo: number, epoch: number, netuid: number) {
  const revealFirst = epoch * (tempo + 1) - (netuid + 1)
  return { revealFirst, revealLast: revealFirst + tempo }
}

/**
 * The first block that may reveal a commit in the block after `head`; null if there are no epochs.
 * @param since `BlocksSinceLastStep`
 */
export function firstRevealAfter(
  schedule: Schedule,
  { netuid, head, since, period }: { netuid: number; head: number; since: number; period: number },
): number | null {
  const { tempo } = schedule
  if (tempo === 0) return null
  if (schedule.kind === 'by block number') {
    const epoch = epochByNumber(tempo, head + 1, netuid) + period
    return blocksByNumber(tempo, epoch, netuid).revealFirst
  }
  const count = { ...schedule, head, epochIndex: schedule.index, blocksSinceLastStep: since }
  return firstRevealBlock(count, period)
}

/** A subnet with tempo 0 has no epochs. */
const NEVER = Number.MAX_SAFE_INTEGER

/** The first block after this one that ends an epoch. */
export function nextEpochEnd(schedule: Schedule, block: number, netuid: number): number {
  const { tempo } = schedule
  if (tempo === 0) return NEVER
  if (schedule.kind === 'by block number') {
    const into = (block + 1 + netuid + 1) % (tempo + 1)
    return block + 1 + tempo - into
  }
  const { lastEpochBlock, pendingEpochAt } = schedule
  const planned = lastEpochBlock + tempo
  const next = pendingEpochAt > 0 ? Math.min(planned, pendingEpochAt) : planned
  // One that is due but was deferred runs in the next block that has room for it.
  return Math.max(next, block + 1)
}

/**
 * A stored commit with the blocks that may include its reveal. Runtimes by block number store
 * (hash, block, first, last); counting ones (hash, epoch, block, unused), and the reveal belongs into
 * the epoch `period` later, wherever its blocks will be: as long as the tempo stays.
 * @param head the block after which this is stored
 */
export function commitWindow(
  [hash, second, third, fourth]: readonly [string, number, number, number],
  schedule: Schedule,
  { period, head }: { period: number; head: number },
): WeightsCommit {
  if (schedule.kind === 'by block number') {
    return { hash, block: second, revealFirst: third, revealLast: fourth, timelocked: false }
  }
  const { tempo, index, lastEpochBlock, pendingEpochAt } = schedule
  const ahead = second + period - index
  const byTempo = lastEpochBlock + tempo
  const planned = pendingEpochAt > 0 ? Math.min(byTempo, pendingEpochAt) : byTempo
  // One that was deferred ends in a block that is still to come.
  const next = Math.max(planned, head + 1)
  const revealFirst = ahead > 0 ? next + (ahead - 1) * tempo : lastEpochBlock + ahead * tempo
  const revealLast = ahead === 0 ? next - 1 : revealFirst + tempo - 1
  return { hash, block: third, revealFirst, revealLast, timelocked: false }
}

/** A timelocked commit as stored under the epoch in which it was made. */
export type StoredTimelock = readonly [hotkey: string, block: number, bytes: Hex, round: number]

/** The same for a timelocked commit: the chain reveals it in the first possible one of these blocks. */
export function timelockWindow(
  [, block, bytes]: StoredTimelock,
  epoch: number,
  about: { schedule: Schedule; period: number; head: number; netuid: number },
): WeightsCommit {
  const { schedule, period, netuid } = about
  const hash = timelockHash(fromHex(bytes))
  const window =
    schedule.kind === 'counted'
      ? commitWindow([hash, epoch, block, 0], schedule, about)
      : { hash, block, ...blocksByNumber(schedule.tempo, epoch + period, netuid) }
  return { ...window, timelocked: true }
}
