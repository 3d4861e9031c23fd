import { FractalError } from '../../base/errors.js'
import { weightsStep } from '../../chain/weights-step.js'
import { putExtrinsic } from '../../ledger/intervals/weight-extrinsics.js'
import {
  newestWeightsN,
  replaceWeights,
  supersede,
  timelockedN,
  type WeightSetRow,
} from '../../ledger/intervals/weights.js'
import { withFence } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { type AfterStep, ERA_BLOCKS, VERSION_KEY, type Wait } from './constants.js'
import {
  assertSoleSender,
  assertVersionKey,
  readWeightsContext,
  type WeightsContext,
} from './preflight.js'
import { computeWeightSet } from './weight-vector.js'

/** The chain refuses more (`TooManyUnrevealedCommits`). */
const MAX_UNREVEALED = 10

/**
 * Signs and stores an extrinsic (plain weights or a commit of either kind) together with the vector that it
 * was made from, if nothing of the interval may be on the chain, the rate limit allows it, and nobody else
 * has set weights. Weights only move forward: as soon as a later interval has some, these are given up, even
 * while they wait for a limit.
 */
export async function signWeights(
  deps: VerifierDeps,
  n: number,
  set: WeightSetRow,
): Promise<AfterStep> {
  const { db, id, chain } = deps
  const { input: weighed } = set
  if (weighed === null) {
    throw new FractalError(
      'weights_lost',
      `the scores that the weights of interval ${n} were made of are gone`,
    )
  }
  if (((await newestWeightsN(db, id)) ?? 0) > n) {
    await withFence(deps, (tx) => supersede(tx, id, n))
    return { after: 'immediately' }
  }
  const site = await readWeightsContext(deps)
  assertVersionKey(site.params, VERSION_KEY)
  const overwriter = await overwriterOf(deps, site)
  if (overwriter !== null) return { after: 'waiting', ...overwriter }
  const why = await assertSoleSender(deps, site)
  if (why !== null) return { after: 'waiting', why }
  const limit = await limitOf(deps, site)
  if (limit !== null) return { after: 'waiting', ...limit }
  // Uses the hotkeys at the sending block: a uid that changed hands since settling gets nothing.
  const decided = computeWeightSet(deps, weighed, site)
  if (decided.kind !== 'weights') {
    await withFence(deps, (tx) => replaceWeights(tx, id, n, decided, null))
    return { after: 'immediately' }
  }
  const step = weightsStep(site.params)
  const secret =
    step === 'commit' ? { salt: saltOf(deps.newSecret()), versionKey: VERSION_KEY } : null
  const prepared = await chain.prepareWeights({
    step,
    netuid: id.netuid,
    uids: [...decided.uids],
    values: [...decided.values],
    versionKey: VERSION_KEY,
    ...(secret === null ? {} : { salt: secret.salt }),
    signer: deps.signer,
    eraBlocks: ERA_BLOCKS,
  })
  await withFence(deps, async (tx) => {
    await replaceWeights(tx, id, n, decided, secret)
    await putExtrinsic(tx, id, n, { ...prepared, step })
  })
  return { after: 'immediately' }
}

/**
 * Why plain weights wait: the chain will still reveal those of an earlier interval, whether or not the subnet
 * accepts commits by now, and they would overwrite these.
 */
async function overwriterOf(
  { db, id }: VerifierDeps,
  { params, metagraph }: WeightsContext,
): Promise<Wait | null> {
  if (params.commitReveal) return null
  const now = metagraph.block.number
  const earlier = await timelockedN(db, id, now)
  if (earlier === null) return null
  const until = earlier.revealLast + 1
  const why = `the chain is still to reveal the weights of interval ${earlier.n}: waiting for block ${until}, now ${now}`
  return { why, until }
}

/** Which of the chain's limits forbids weights for now, with the block that ends it; or null. */
async function limitOf({ chain, id }: VerifierDeps, site: WeightsContext): Promise<Wait | null> {
  const { params, metagraph, me } = site
  const now = metagraph.block.number
  const allowedAt = me.lastUpdate + params.weightsRateLimit + 1
  if (now < allowedAt) {
    return { why: `rate limit: waiting for block ${allowedAt}, now ${now}`, until: allowedAt }
  }
  if (!params.commitReveal) return null
  const commits = await chain.commits(id.netuid, id.verifier)
  // For timelocked commits, the chain's limit is per epoch.
  const since = params.timelocked ? now - (await chain.epoch(id.netuid)).blocksSinceLast : 0
  const live = commits.filter(
    ({ timelocked, block, revealLast }) =>
      timelocked === params.timelocked && block >= since && revealLast > now,
  )
  if (live.length < MAX_UNREVEALED) return null
  const until = live[0]!.revealLast
  const why = `rate limit: ${live.length} commits wait for their reveal, the first until block ${until}, now ${now}`
  return { why, until }
}

/** Sixteen u16: too many to brute-force the weights behind a commit. */
function saltOf(secret: Uint8Array): number[] {
  return Array.from(
    { length: secret.length / 2 },
    (_, i) => secret[2 * i]! + 256 * secret[2 * i + 1]!,
  )
}
