import { REFUSALS_ALLOWED } from '../constants.js'

/** When a challenge is asked, and asked again: blocks. */
export interface AskBlocks {
  momentBlock: number
  firstRetryBlock: number
  secondRetryBlock: number
}

/** The block at which a challenge that was refused so often is asked next. */
export function nextAskBlock(
  { momentBlock, firstRetryBlock, secondRetryBlock }: AskBlocks,
  refusals: number,
): number {
  return [momentBlock, firstRetryBlock, secondRetryBlock][refusals] ?? secondRetryBlock
}

/** Whether a challenge that was refused so often is asked again; if not, it failed. */
export function isAskedAgain(refusals: number): boolean {
  return refusals < REFUSALS_ALLOWED
}
