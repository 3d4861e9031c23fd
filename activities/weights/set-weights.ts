import { Mutex } from '../../base/concurrency/semaphore.js'
import { FractalError } from '../../base/errors.js'
import { extrinsicsOf, type WeightExtrinsicRow } from '../../ledger/intervals/weight-extrinsics.js'
import { type WeightSetRow, weightSet } from '../../ledger/intervals/weights.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import type { VerifierDeps } from '../verifier-deps.js'
import type { AfterStep, Wait } from './constants.js'
import { describeWeights } from './describe.js'
import { readBack } from './read-back.js'
import { revealWeights } from './reveal.js'
import { signWeights } from './sign.js'
import { awaitChainReveal, newestCommit } from './timelocked.js'
import { trackInclusion } from './track-inclusion.js'

type Next = AfterStep | { after: 'nothing'; line: string }
type Rest = Exclude<Next, { after: 'immediately' }>

/**
 * Sets the interval's weights exactly once (mechanism section 6): plain, by commit-reveal, or timelocked,
 * whichever the subnet currently requires. All state is in the ledger: what is about to be sent is stored
 * first, and bytes that may be on the chain are sent again and never replaced, so that after a crash at any
 * point the next process knows what to do.
 *
 * While one interval's commit waits for its window, the next interval commits too, without waiting: the chain
 * keeps ten of them, each is revealed in its own window, and with a reveal period of several epochs, waiting
 * would fall further and further behind. Steps that sign and send are serialised; waits are not.
 */
export function createSetWeights(deps: VerifierDeps) {
  // Two extrinsics signed concurrently would take the same nonce.
  const mutex = new Mutex()
  return ({ n }: { n: number }): Promise<{ line: string }> =>
    withHeartbeat(async (_signal, heartbeat) => {
      for (;;) {
        if (mutex.isLocked) heartbeat('waiting for the weights of another interval')
        const next = await mutex.run(() => advanceFar(deps, n, heartbeat))
        if (next.after === 'nothing') return { line: next.line }
        if (next.after === 'waiting') {
          await pass(deps, next, () => heartbeat(next.why))
        }
      }
    })
}

/** A wait for a block that is far away is broken off so often: an owner may change what it was reckoned by. */
const LOOK_BLOCKS = 20
/** What is said of the head comes true some blocks before it is final. */
const NEAR_BLOCKS = 3

/** Waits for the next final block, or for most of those until the one that is waited for: nothing is asked of them. */
async function pass({ finality }: VerifierDeps, { until }: Wait, beat: () => void): Promise<void> {
  beat()
  const { number: first } = await finality.next()
  const last = until === undefined ? first : Math.min(until - NEAR_BLOCKS, first + LOOK_BLOCKS)
  for (let number = first; number < last; ) {
    beat()
    number = (await finality.next()).number
  }
}

/**
 * Takes steps until there is something to wait for: what is signed is sent before another interval signs.
 */
async function advanceFar(
  deps: VerifierDeps,
  n: number,
  heartbeat: (details: string) => void,
): Promise<Rest> {
  for (;;) {
    const next = await advance(deps, n, heartbeat)
    if (next.after !== 'immediately') return next
  }
}

async function advance(
  deps: VerifierDeps,
  n: number,
  heartbeat: (details: string) => void,
): Promise<Next> {
  const { db, id } = deps
  const set = await weightSet(db, id, n)
  if (set === null) throw new FractalError('weights_lost', `the weights of interval ${n} are gone`)
  const extrinsics = await extrinsicsOf(db, id, n)
  const pending = extrinsics.find(({ result }) => result === null)
  switch (set.state) {
    case 'confirmed':
    case 'done':
      return { after: 'nothing', line: describeWeights(set, extrinsics) }
    case 'included':
      await readBack(deps, n, set)
      return { after: 'immediately' }
    case 'decided':
    case 'sent':
    case 'committed':
    case 'revealing':
      if (pending !== undefined) {
        await trackInclusion(deps, set, pending, heartbeat)
        return { after: 'immediately' }
      }
      return set.state === 'committed' || set.state === 'revealing'
        ? showWeights(deps, n, set, extrinsics)
        : signWeights(deps, n, set)
  }
}

/** A finalized commit is revealed by us, or by the chain. */
function showWeights(
  deps: VerifierDeps,
  n: number,
  set: WeightSetRow,
  extrinsics: readonly WeightExtrinsicRow[],
): Promise<AfterStep> {
  const commit = newestCommit(extrinsics)
  return commit?.step === 'timelock'
    ? awaitChainReveal(deps, n, set, commit)
    : revealWeights(deps, n, set, extrinsics)
}
