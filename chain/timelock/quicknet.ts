import type { Hex } from '../../formats/bytes.js'

/** drand's quicknet, whose rounds Subtensor waits for: chain hash 52db9ba7…84e971. */
export const QUICKNET_KEY: Hex =
  '83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c' +
  '8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc22b0e17e63aaf4bcb' +
  '5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a'

const GENESIS_SECONDS = 1_692_803_367
const PERIOD_SECONDS = 3

/** Blocks into the reveal's epoch, to give the chain time to learn of the round. */
const MARGIN_BLOCKS = 3

/**
 * The newest round at the time when the chain reveals.
 * @param nowSeconds when the block `head` was made, in Unix time by the chain's clock
 */
export function revealRound(
  nowSeconds: number,
  { head, firstReveal, blockSeconds }: { head: number; firstReveal: number; blockSeconds: number },
): number {
  const at = nowSeconds + (firstReveal + MARGIN_BLOCKS - head) * blockSeconds
  return Math.floor((at - GENESIS_SECONDS) / PERIOD_SECONDS)
}
