import { FractalError } from '../base/errors.js'
import type { Chain } from './chain.js'

/**
 * How far back a verifier reads states: it may begin an interval up to its middle, by the neurons of the interval's
 * first block.
 * @param intervalBlocks the interval's length
 */
export function stateBlocksNeeded(intervalBlocks: number): number {
  return Math.ceil(intervalBlocks / 2)
}

/**
 * Whether the endpoint still has a subnet's state of so many final blocks ago; also where the chain is younger.
 * @throws ChainError what reads throw, but for `StateDiscarded`
 */
export async function keepsStateOf(
  chain: Pick<Chain, 'finalized' | 'blockAt' | 'subnetParams'>,
  netuid: number,
  blocksAgo: number,
): Promise<boolean> {
  const { number } = await chain.finalized()
  if (number < blocksAgo) return true
  try {
    await chain.subnetParams(netuid, await chain.blockAt(number - blocksAgo))
    return true
  } catch (error) {
    if (!(error instanceof FractalError)) throw error
    if (error.code === 'StateDiscarded') return false
    // It was not there yet.
    if (error.code === 'SubNetworkDoesNotExist') return true
    throw error
  }
}
