import { putExtrinsic, type WeightExtrinsicRow } from '../../ledger/intervals/weight-extrinsics.js'
import {
  commitSecret,
  loseCommit,
  newestShownN,
  noteChangedUids,
  supersede,
  type WeightSetRow,
  wereWithheldBefore,
} from '../../ledger/intervals/weights.js'
import { withFence } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { newlyChangedUids } from './changed-hotkeys.js'
import { type AfterStep, ERA_BLOCKS, VERSION_KEY, type Wait } from './constants.js'
import { assertSoleSender, assertVersionKey, readWeightsContext } from './preflight.js'

/** Results of a reveal after which no other reveal of the same commit can succeed. */
const UNREVEALABLE: readonly string[] = [
  'ExpiredWeightCommit',
  'NoWeightsCommitFound',
  'InvalidRevealCommitHashNotMatch',
  // The subnet's bounds changed after the commit, but the committed vector can't change.
  'WeightVecLengthIsLow',
  'MaxWeightExceeded',
  'UidVecContainInvalidOne',
  'UidsLengthExceedUidsInSubNet',
]

/**
 * Reveals a commit that is in a finalized block: waits for the window, signs only then (with the nonce of
 * that time), and stores the bytes before they are sent. When it can no longer be revealed, the interval goes
 * back to signing and commits its newest vector, unless a later interval's was sent in the meantime.
 */
export async function revealWeights(
  deps: VerifierDeps,
  n: number,
  set: WeightSetRow,
  extrinsics: readonly WeightExtrinsicRow[],
): Promise<AfterStep> {
  const { db, id, chain } = deps
  // The chain drops a commit when a later one is revealed, so our reveal would find none.
  if (((await newestShownN(db, id)) ?? 0) > n) {
    await withFence(deps, (tx) => supersede(tx, id, n))
    return { after: 'immediately' }
  }
  const at = extrinsics.findLastIndex(({ step, result }) => step === 'commit' && result === 'ok')
  const last = extrinsics.slice(at + 1).findLast(({ step }) => step === 'reveal')
  const params = await chain.subnetParams(id.netuid)
  const { number: now } = await chain.head()
  const secret = await commitSecret(db, id, n)
  const lost = params.commitReveal ? whyUnrevealable(set, last, now) : 'CommitRevealDisabled'
  if (lost !== null || secret === null) {
    return lose(deps, n, set, { reason: lost ?? 'NoWeightsCommitFound', now })
  }
  const wait = waitOf(set, last, { now, tempo: params.tempo })
  if (wait !== null) return { after: 'waiting', ...wait }
  if (params.weightsVersionKey > secret.versionKey) {
    assertVersionKey(params, VERSION_KEY)
    return lose(deps, n, set, { reason: 'IncorrectWeightVersionKey', now })
  }
  const site = await readWeightsContext(deps)
  const why = await assertSoleSender(deps, site)
  if (why !== null) return { after: 'waiting', why }
  if (await isWithheld(deps, n, set, newlyChangedUids(set, site.metagraph))) {
    return { after: 'immediately' }
  }
  const prepared = await chain.prepareWeights({
    step: 'reveal',
    netuid: id.netuid,
    uids: set.uids,
    values: set.values,
    ...secret,
    signer: deps.signer,
    eraBlocks: ERA_BLOCKS,
  })
  await withFence(deps, (tx) => putExtrinsic(tx, id, n, { ...prepared, step: 'reveal' }))
  return { after: 'immediately' }
}

/**
 * Whether to withhold the reveal because committed uids now belong to other hotkeys, which would get their
 * predecessors' weight: the interval then commits again, or is superseded by a later one. Only once, and not
 * if the previous weights were withheld too: on a subnet with newcomers in every epoch, nothing would ever be
 * revealed. Either way the uids are recorded.
 */
async function isWithheld(
  deps: VerifierDeps,
  n: number,
  { changedUids }: WeightSetRow,
  uids: readonly number[],
): Promise<boolean> {
  if (uids.length === 0) return false
  const { db, id } = deps
  const withheld = changedUids.length === 0 && !(await wereWithheldBefore(db, id, n))
  deps.log.warn(
    { n, uids, revealed: !withheld },
    'uids of the committed weights belong to other hotkeys now',
  )
  await withFence(deps, async (tx) => {
    await noteChangedUids(tx, id, n, uids)
    if (withheld) await loseCommit(tx, id, n, 'HotkeysChanged')
  })
  return withheld
}

/** The chain's error that means no further reveal of this commit can succeed, or null. */
function whyUnrevealable(
  { revealLast }: WeightSetRow,
  last: WeightExtrinsicRow | undefined,
  now: number,
): string | null {
  if (last?.result != null && UNREVEALABLE.includes(last.result)) return last.result
  if (revealLast === null) return 'NoWeightsCommitFound'
  // After RevealTooEarly, the chain's epochs differ from those when the window was stored.
  if (last?.result === 'RevealTooEarly') return null
  return now >= revealLast ? 'ExpiredWeightCommit' : null
}

/** Why a reveal sent now would come too early, or null. */
function waitOf(
  { commitBlock, revealFirst, revealLast }: WeightSetRow,
  last: WeightExtrinsicRow | undefined,
  { now, tempo }: { now: number; tempo: number },
): Wait | null {
  // Not a block earlier: newer pools check the head's number, not the next block's.
  const again = last?.result === 'RevealTooEarly' ? last.includedBlock! + Math.ceil(tempo / 10) : 0
  const first = Math.max(revealFirst ?? 0, again)
  if (now >= first) return null
  const why = `committed in block ${commitBlock}; the reveal waits for block ${first} (to ${revealLast}), now ${now}`
  return { why, until: first }
}

async function lose(
  deps: VerifierDeps,
  n: number,
  { commitBlock, revealFirst, revealLast }: WeightSetRow,
  { reason, now }: { reason: string; now: number },
): Promise<AfterStep> {
  deps.log.warn(
    { n, reason, commitBlock, revealFirst, revealLast, now },
    'the committed weights can no longer be revealed; the interval computes and sends them again',
  )
  await withFence(deps, (tx) => loseCommit(tx, deps.id, n, reason))
  return { after: 'immediately' }
}
