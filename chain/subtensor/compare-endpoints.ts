import type { BlockRef } from '../chain.js'
import type { Session } from './session.js'

/** A node this far behind another one's final blocks does not follow the chain. */
const MOST_BEHIND = 10

/** What two endpoints of one chain say of it. */
export type Comparison =
  | { is: 'same'; block: BlockRef }
  /** The second is so far behind that it says nothing of the first. */
  | { is: 'no witness' }
  /** The first is stuck. */
  | { is: 'behind'; why: string }
  /** They have different blocks of one number, both final. */
  | { is: 'forked'; why: string; theirs: BlockRef }

/**
 * Compares the final blocks of two endpoints of one chain, by the newest that both have.
 * @throws ChainError what asking them throws
 */
export async function compareEndpoints(mine: Session, other: Session): Promise<Comparison> {
  const [own, theirs] = await Promise.all([mine.finalized(), other.finalized()])
  const number = Math.min(own.number, theirs.number)
  const [hash, theirHash] = await Promise.all([mine.blockHash(number), other.blockHash(number)])
  const { endpoint } = other.socket
  if (hash !== theirHash) {
    const why = `its final block ${number} is ${hash}, that of ${endpoint} is ${theirHash}`
    return { is: 'forked', why, theirs: { number, hash: theirHash } }
  }
  if (theirs.number - own.number > MOST_BEHIND) {
    const why = `its last final block is ${own.number}, that of ${endpoint} is ${theirs.number}`
    return { is: 'behind', why }
  }
  if (own.number - theirs.number > MOST_BEHIND) return { is: 'no witness' }
  return { is: 'same', block: { number, hash } }
}
