import type { Epoch } from '../../chain/chain.js'

/**
 * Subtensor's epochs by block number: each has tempo + 1 blocks, and subnets end theirs at different
 * blocks. Source: `get_epoch_index`, `get_reveal_blocks`, `blocks_until_next_epoch`.
 */
export function epochIndex(netuid: number, tempo: number, block: number): number {
  return Math.floor((block + netuid + 1) / (tempo + 1))
}

/** The blocks that may include the reveal of a commit that this block included. */
export function revealWindow(
  netuid: number,
  params: { tempo: number; revealPeriodEpochs: number },
  block: number,
): { revealFirst: number; revealLast: number } {
  const { tempo, revealPeriodEpochs } = params
  const epoch = epochIndex(netuid, tempo, block) + revealPeriodEpochs
  const revealFirst = epoch * (tempo + 1) - (netuid + 1)
  return { revealFirst, revealLast: revealFirst + tempo }
}

/** An epoch is computed in its last block. */
export function aroundEpochEnd(
  netuid: number,
  tempo: number,
  block: number,
): Pick<Epoch, 'blocksSinceLast' | 'nextBlock'> {
  const blocksSinceLast = (block + netuid + 2) % (tempo + 1)
  return { blocksSinceLast, nextBlock: block - blocksSinceLast + tempo + 1 }
}
