import { FractalError } from '../../base/errors.js'
import type { BlockRef, WeightsCommit } from '../../chain/chain.js'
import type { WeightExtrinsicRow } from '../../ledger/intervals/weight-extrinsics.js'
import {
  loseCommit,
  markShown,
  newestShownN,
  noteChangedUids,
  supersede,
  type WeightSetRow,
} from '../../ledger/intervals/weights.js'
import { withFence } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { newlyChangedUids } from './changed-hotkeys.js'
import type { AfterStep } from './constants.js'
import { isStored, storedWeights } from './read-back.js'

/** These weights can't be withheld: the current owner of each uid got its weight. */
const STRANGERS = 'uids of the committed weights belong to other hotkeys now'

/**
 * Waits for the chain to reveal a finalized commit. The chain then removes the commit from its storage,
 * whether or not it could decrypt it, and reports nothing: only the weights stored in the block in which the
 * commit disappeared show the result. If they aren't ours, the interval goes back to signing. While the
 * commit exists nothing else is signed: it may still be revealed, by a late drand round or a deferred epoch.
 */
export async function awaitChainReveal(
  deps: VerifierDeps,
  n: number,
  set: WeightSetRow,
  commit: WeightExtrinsicRow,
): Promise<AfterStep> {
  const { db, id, chain } = deps
  const at = await chain.finalized()
  const since = commit.includedBlock!
  // This endpoint may be behind the one that reported the commit's block.
  if (at.number < since) return { after: 'waiting', why: `waiting for block ${since}` }
  const standing = await standingCommit(deps, commit, at)
  if (standing !== undefined && !isForgotten(standing, at.number)) {
    const { revealFirst, revealLast } = standing
    const why = `committed in block ${since}; the chain's reveal waits for block ${revealFirst} (to ${revealLast}), now ${at.number}`
    return { after: 'waiting', why, until: revealFirst }
  }
  const block = standing === undefined ? await firstWithout(deps, commit, at) : at
  const stored = (await storedWeights(deps, block)) ?? (await storedWeights(deps, at))
  if (stored !== null && isStored(set, stored)) {
    const uids = newlyChangedUids(set, await chain.metagraph(id.netuid, at))
    if (uids.length > 0) deps.log.warn({ n, uids, revealed: true }, STRANGERS)
    await withFence(deps, async (tx) => {
      await noteChangedUids(tx, id, n, uids)
      await markShown(tx, id, n, block)
    })
  } else if (((await newestShownN(db, id)) ?? 0) > n) {
    await withFence(deps, (tx) => supersede(tx, id, n))
  } else {
    deps.log.warn(
      { n, commitBlock: since, goneIn: block.number },
      'the chain did not show the committed weights; the interval computes and sends them again',
    )
    await withFence(deps, (tx) => loseCommit(tx, id, n, 'NotRevealed'))
  }
  return { after: 'immediately' }
}

async function standingCommit(
  { chain, id }: VerifierDeps,
  { commitHash }: WeightExtrinsicRow,
  at: BlockRef,
): Promise<WeightsCommit | undefined> {
  return (await chain.commits(id.netuid, id.verifier, at)).find(({ hash }) => hash === commitHash)
}

/** Whether the chain still stores a commit that it will never look at again: one more epoch has passed. */
function isForgotten({ revealFirst, revealLast }: WeightsCommit, now: number): boolean {
  return now > revealLast + (revealLast - revealFirst + 1)
}

/** The first block without the commit, as far back as the node keeps states. */
async function firstWithout(
  deps: VerifierDeps,
  commit: WeightExtrinsicRow,
  at: BlockRef,
): Promise<BlockRef> {
  let [before, found] = [commit.includedBlock!, at]
  while (found.number - before > 1) {
    const middle = before + Math.floor((found.number - before) / 2)
    try {
      const block = await deps.chain.blockAt(middle)
      if ((await standingCommit(deps, commit, block)) === undefined) found = block
      else before = middle
    } catch (error) {
      if (!(error instanceof FractalError && error.code === 'StateDiscarded')) throw error
      before = middle
    }
  }
  return found
}
