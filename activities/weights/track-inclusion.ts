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
 * Results after which the chain is read again to decide what to do: wait for a limit or a window, sign
 * again, or go the other way because the subnet switched commit-reveal on or off meanwhile. Any other
 * refusal the same vector would meet again: that is for people.
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
    // The chain reads another version by now: the next one that is signed names it.
    'IncorrectCommitRevealVersion',
  ],
  reveal: ['ok', 'expired', 'RevealTooEarly', 'ExpiredWeightCommit', 'CommitRevealDisabled'],
}

/**
 * The pool's refusals that a later block may end, beside those it says so of. A used nonce or a passed
 * era means that the extrinsic may stand in a block that is not final yet; an expired commit or
 * commit-reveal switched the other way, that its era will pass without it.
 */
const POOL_WAITS: readonly string[] = [
  'Stale',
  'AncientBirthBlock',
  ...Object.values(GOES_ON).flat(),
]

/**
 * Sends the stored bytes repeatedly, until finalized blocks hold them or can no longer; stores
 * how that ended. Not when uids have changed hands since they were signed: their era is waited out then,
 * because bytes that were sent once may be in a block, and what is signed next names the new owners.
 * @throws ChainError by the chain's name when it refused them for good
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
    // Hotkeys change with blocks only.
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
 * Whether the runtime that comes after a block, the head unless given, is another than the one that this was
 * signed for: its signature is of that one's version, so no later block includes it.
 */
async function wasUpgraded(
  { chain }: VerifierDeps,
  { specVersion }: WeightExtrinsicRow,
  at?: BlockRef,
): Promise<boolean> {
  return specVersion !== null && (await chain.specVersion(at)) !== specVersion
}

/** How an extrinsic ended, when that can be known by now: stored, and returned; else null. */
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
 * The commit as the chain keeps it: at the head, where it stays until a later commit or reveal drops
 * it; else in its own block, which only an archive node still knows after some time.
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
