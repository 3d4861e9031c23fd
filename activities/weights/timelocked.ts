import { FractalError } from '../../base/errors.js'
import type { BlockRef, WeightsCommit } from '../../chain/chain.js'
import {
  extrinsicsOf,
  isCommit,
  type WeightExtrinsicRow,
} from '../../ledger/intervals/weight-extrinsics.js'
import {
  committedNs,
  loseCommit,
  markShown,
  newestShownN,
  noteChangedUids,
  supersede,
  type WeightSetRow,
  weightSet,
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

/**
 * Looks for the chain's reveals of all intervals: one may have failed before it found its own. Where the subnet takes
 * weights in the open by then, a reveal counts as an update.
 * @returns why to wait: this block may hold one, and is not final yet; else null
 */
export async function findChainReveals(deps: VerifierDeps, block: number): Promise<string | null> {
  const { db, id } = deps
  const { number: final } = await deps.chain.finalized()
  for (const n of await committedNs(db, id)) {
    const set = (await weightSet(db, id, n))!
    const commit = newestCommit(await extrinsicsOf(db, id, n))
    if (commit?.step !== 'timelock') continue
    const found = await awaitChainReveal(deps, n, set, commit)
    if (found.after !== 'waiting' || final >= block || (found.until ?? 0) > block) continue
    return `waiting until block ${block} is final: the chain may have revealed the weights of interval ${n} in it`
  }
  return null
}

/** What an interval's weights were last hidden in, once that is in a block. */
export function newestCommit(
  extrinsics: readonly WeightExtrinsicRow[],
): WeightExtrinsicRow | undefined {
  return extrinsics.findLast((sent) => isCommit(sent) && sent.result === 'ok')
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
