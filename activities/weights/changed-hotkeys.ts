import type { Metagraph } from '../../chain/chain.js'
import type { WeightSetRow } from '../../ledger/intervals/weights.js'
import { changedUids } from '../../rules/settle/weights.js'

/** Uids of the vector that now belong to another hotkey, except those that were already recorded. */
export function newlyChangedUids(
  { input, uids, changedUids: noted }: WeightSetRow,
  { neurons }: Metagraph,
): number[] {
  if (input === null) return []
  return changedUids(input, uids, neurons).filter((uid) => !noted.includes(uid))
}
