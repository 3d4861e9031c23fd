import { FractalError } from '../../base/errors.js'
import type { BlockRef, WeightsCommit, WeightsStep } from '../../chain/chain.js'
import { ChainError, retryHelps } from '../../chain/errors.js'
import {
  markExtrinsic,
  markSubmitted,
  type WeightExtrinsicRow,
} from '../../ledger/intervals/weight-extrinsics.js'
import type { WeightSetRow } from '../../ledger/intervals/weights.js'
import { withFence } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { newlyChangedUids } from './changed-hotkeys.js'

/**
 * Results after which the chain is read again to decide what to do: wait for a limit or a window, sign again,
 * or switch because the subnet has turned commit-reveal on or off in the meantime. Any other refusal would
 * happen again with the same vector, so a person must act.
 */
const GOES_ON: Record<WeightsStep, readonly string[]> = {
  set: ['ok', 'expired', 'SettingWeightsTooFast', 'CommitRevealEnabled'],
  commit: [
    'ok',
    'expired',
    'CommittingWeightsTooFast',
    'CommitRevealDisabled',
    'TooManyUnrevealedCommits',
  ],
  timelock: [
    'ok',
    'expired',
    'CommittingWeightsTooFast',
    'CommitRevealDisabled',
    'TooManyUnrevealedCommits',
    // The chain expects another version, or a later round: the next one to be signed will use it.
    'IncorrectCommitRevealVersion',
    'InvalidRevealRound',
  ],
  reveal: ['ok', 'expired', 'RevealTooEarly', 'ExpiredWeightCommit', 'CommitRevealDisabled'],
}

/**
 * Refusals by the pool that may end with a later block, in addition to those that it marks as temporary. With
 * a used nonce or a past era, the extrinsic may be in a block that is not final yet; with an expired commit,
 * or commit-reveal switched on or off, its era will pass without it.
 */
const POOL_WAITS: readonly string[] = [
  'Stale',
  'AncientBirthBlock',
  ...Object.values(GOES_ON).flat(),
]

/**
 * Sends the stored bytes repeatedly, until finalized blocks contain them or no longer can, and stores the
 * result. If uids have changed hands since signing, it does not send but waits until the era has passed,
 * because bytes that were sent once may be in a block; what is signed next uses the new owners.
 * @throws ChainError with the chain's error name if it refused them permanently
 */
export async function trackInclusion(
  deps: VerifierDeps,
  set: WeightSetRow,
  sent: WeightExtrinsicRow,
  heartbeat: (details: string) => void,
): Promise<void> {
  const { n } = set
  let told = false
  let uids: number[] | null = null
  for (let seen = -1; ; ) {
    const ended = await recordEnd(deps, n, sent)
    if (ended !== null && GOES_ON[sent.step].includes(ended)) return
    if (ended !== null) {
      throw new ChainError(
        ended,
        `the chain refused the weights of interval ${n} (${sent.step}): ${ended}`,
      )
    }
    uids ??= newlyChangedUids(set, await deps.chain.metagraph(deps.id.netuid))
    if (uids.length === 0) {
      await send(deps, n, sent)
      heartbeat(`sent (${sent.step}); waiting for its block (era to ${sent.eraLast})`)
    } else {
      if (!told) deps.log.warn({ n, uids }, 'uids changed hands: signed weights are not sent')
      told = true
      heartbeat(`uids ${uids} changed hands; waiting for block ${sent.eraLast + 1}`)
    }
    const { number } = await deps.finality.next()
    // Hotkeys change only with blocks.
    if (number !== seen) uids = null
    seen = number
  }
}

async function send(deps: VerifierDeps, n: number, sent: WeightExtrinsicRow): Promise<void> {
  try {
    // The new lease holder may be about to sign with the same nonce.
    await withFence(deps, async () => {})
    await deps.chain.submit(sent)
    await withFence(deps, (tx) => markSubmitted(tx, deps.id, n, sent.hash))
  } catch (error) {
    if (!(error instanceof FractalError)) throw error
    const waits = POOL_WAITS.includes(error.code) || retryHelps(error.code)
    if (!waits && !(error.code === 'BadProof' && (await wasUpgraded(deps, sent)))) throw error
  }
}

/**
 * Whether the runtime after a block (by default the head) differs from the one that this was signed for: the
 * signature covers the runtime's version, so no later block can include it.
 */
async function wasUpgraded(
  { chain }: VerifierDeps,
  { specVersion }: WeightExtrinsicRow,
  at?: BlockRef,
): Promise<boolean> {
  return specVersion !== null && (await chain.specVersion(at)) !== specVersion
}

/** Stores and returns how an extrinsic ended, if that is already known; else null. */
export async function recordEnd(
  deps: VerifierDeps,
  n: number,
  sent: WeightExtrinsicRow,
): Promise<string | null> {
  const final = await deps.chain.finalized()
  const { number } = final
  const range = { from: sent.eraFirst, to: Math.min(number, sent.eraLast) }
  const found = range.to < range.from ? null : await deps.chain.inclusion(sent.hash, range)
  if (found === null && number <= sent.eraLast && !(await wasUpgraded(deps, sent, final)))
    return null
  const result = found === null ? 'expired' : found.ok ? 'ok' : found.error
  const window =
    found?.ok === true && sent.commitHash !== null
      ? await committed(deps, sent.commitHash, found.block)
      : undefined
  await withFence(deps, (tx) =>
    markExtrinsic(tx, deps.id, n, sent.hash, { result, block: found?.block ?? null, window }),
  )
  return result
}

/**
 * The commit as stored on the chain: at the head, where it stays until a later commit or reveal drops it;
 * else in its own block, whose state only an archive node still has after some time.
 */
async function committed(
  { chain, id }: VerifierDeps,
  hash: string,
  block: BlockRef,
): Promise<WeightsCommit | undefined> {
  const ours = (commits: WeightsCommit[]) => commits.find((commit) => commit.hash === hash)
  const found = ours(await chain.commits(id.netuid, id.verifier))
  if (found !== undefined) return found
  try {
    return ours(await chain.commits(id.netuid, id.verifier, block))
  } catch (error) {
    if (error instanceof FractalError && error.code === 'StateDiscarded') return undefined
    throw error
  }
}
