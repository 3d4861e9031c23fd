import { FractalError } from '../base/errors.js'
import { maxUpscale } from '../chain/max-upscale.js'
import { baselineLastUpdate } from '../ledger/lease.js'
import {
  extrinsicsOf,
  knownInclusionBlocks,
  markConfirmed,
  markExtrinsic,
  markSubmitted,
  type NewWeightSet,
  newestSentN,
  pendingExtrinsics,
  putExtrinsic,
  replaceWeights,
  supersede,
  type WeightExtrinsicRow,
  type WeightSetRow,
  weightSet,
} from '../ledger/weights.js'
import { pollMs } from './await-block.js'
import { beating, pause } from './beat.js'
import { decideVector, type Weighed } from './decide-weights.js'
import { fenced } from './fenced.js'
import type { VerifierDeps } from './verifier-deps.js'

/** How many blocks a weights extrinsic lives (mechanism section 6). */
const ERA_BLOCKS = 64
/** Grows when what our weights mean changes; a subnet that asks for a higher one wants newer software. */
const VERSION_KEY = 1

/**
 * Sets the interval's weights exactly once (mechanism section 6): the vector and the signed bytes are
 * stored before anything is sent; after a crash the same bytes are sent again; a new extrinsic is
 * signed only when the era of the last has passed and finalized blocks do not hold it.
 */
export function createSetWeights(deps: VerifierDeps) {
  // Two intervals' weights at once would take the same account nonce.
  let before: Promise<void> = Promise.resolve()
  return ({ n }: { n: number }): Promise<{ line: string }> =>
    beating(async (_signal, beat) => {
      const turn = before
      let done = () => {}
      before = new Promise<void>((resolve) => {
        done = resolve
      })
      try {
        beat('waiting for the weights of another interval')
        await turn
        return await advance(deps, n, beat)
      } finally {
        // Also when this one gave up waiting: who comes after it still waits for who came before.
        void turn.then(done)
      }
    })
}

async function advance(
  deps: VerifierDeps,
  n: number,
  beat: (details: string) => void,
): Promise<{ line: string }> {
  const { db, id } = deps
  for (;;) {
    const set = await weightSet(db, id, n)
    if (set === null)
      throw new FractalError('weights_lost', `the weights of interval ${n} are gone`)
    if (set.kind !== 'weights' || set.state === 'confirmed') return { line: describe(set) }
    const last = (await extrinsicsOf(db, id, n)).at(-1)
    if (last?.result === 'ok') {
      await readBack(deps, n, set, last)
    } else if (last !== undefined && last.result === null) {
      await follow(deps, n, last, beat)
    } else {
      // Never signed, expired, or refused in an earlier try.
      if (((await newestSentN(db, id)) ?? 0) > n) await fenced(deps, (tx) => supersede(tx, id, n))
      else await sign(deps, n, set, beat)
    }
  }
}

/** Sends the stored bytes and waits until finalized blocks hold them, or can no longer. */
async function follow(
  deps: VerifierDeps,
  n: number,
  sent: WeightExtrinsicRow,
  beat: (details: string) => void,
): Promise<void> {
  const { id, chain } = deps
  const ended = await noteEnd(deps, n, sent)
  // Too fast is waited out; anything else the same vector would meet again.
  if (ended !== null && !['ok', 'expired', 'SettingWeightsTooFast'].includes(ended)) {
    throw new FractalError(ended, `the chain refused the weights of interval ${n}: ${ended}`)
  }
  if (ended !== null) return
  try {
    // Whoever took the lease over may be about to sign with the same nonce.
    await fenced(deps, async () => {})
    await chain.submit({ ...sent, commitHash: null })
    await fenced(deps, (tx) => markSubmitted(tx, id, n, sent.hash))
  } catch (error) {
    // A used nonce or a passed era means that it may stand in a block that is not final yet: look again.
    const waits = ['Stale', 'AncientBirthBlock', 'TooLowPriority']
    if (!(error instanceof FractalError && waits.includes(error.code))) throw error
  }
  beat(`sent; waiting for its block (era to ${sent.eraLast})`)
  await pause(pollMs(chain.blockSeconds))
}

/** How an extrinsic ended, when that can be known by now: stored, and returned; else null. */
async function noteEnd(
  deps: VerifierDeps,
  n: number,
  sent: WeightExtrinsicRow,
): Promise<string | null> {
  const { number } = await deps.chain.finalized()
  const range = { from: sent.eraFirst, to: Math.min(number, sent.eraLast) }
  const found = range.to < range.from ? null : await deps.chain.inclusion(sent.hash, range)
  if (found === null && number <= sent.eraLast) return null
  const result = found === null ? 'expired' : found.ok ? 'ok' : found.error
  await fenced(deps, (tx) =>
    markExtrinsic(tx, deps.id, n, sent.hash, { result, block: found?.block ?? null }),
  )
  return result
}

/** Stores a freshly signed extrinsic, once the rate limit allows one and nobody else set weights. */
async function sign(
  deps: VerifierDeps,
  n: number,
  set: WeightSetRow,
  beat: (details: string) => void,
): Promise<void> {
  const { db, id, chain } = deps
  let decided: NewWeightSet
  for (;;) {
    const params = await chain.subnetParams(id.netuid)
    const metagraph = await chain.metagraph(id.netuid)
    // The hotkeys at the sending block: a uid that changed hands since settling gets nothing.
    decided = decideVector(deps, set.input as Weighed, { metagraph, params })
    const me = metagraph.neurons.find((neuron) => neuron.hotkey === id.verifier)
    if (me === undefined) {
      throw new FractalError(
        'HotKeyNotRegisteredInSubNet',
        `the hotkey ${id.verifier} is not registered on subnet ${id.netuid}`,
        { hint: 'register it, then retry the interval' },
      )
    }
    // An interval that failed may have left one that was included since: its block is ours.
    for (const other of await pendingExtrinsics(db, id)) await noteEnd(deps, other.n, other)
    const ours = await knownInclusionBlocks(db, id)
    if (!ours.includes(me.lastUpdate) && me.lastUpdate !== (await baselineLastUpdate(db, id))) {
      throw new FractalError(
        'another_process_sets_weights',
        `another process sets weights with this hotkey: the chain says block ${me.lastUpdate}, which is none of ours`,
        { hint: 'stop the other process, restart this verifier, then retry the interval' },
      )
    }
    const allowedAt = me.lastUpdate + params.weightsRateLimit + 1
    if (metagraph.block.number >= allowedAt) break
    beat(`rate limit: waiting for block ${allowedAt}, now ${metagraph.block.number}`)
    await pause(pollMs(chain.blockSeconds))
  }
  const prepared =
    decided.kind === 'weights'
      ? await chain.prepareWeights({
          step: 'set',
          netuid: id.netuid,
          uids: [...decided.uids],
          values: [...decided.values],
          versionKey: VERSION_KEY,
          signer: deps.signer,
          eraBlocks: ERA_BLOCKS,
        })
      : null
  await fenced(deps, async (tx) => {
    await replaceWeights(tx, id, n, decided)
    if (prepared !== null) await putExtrinsic(tx, id, n, prepared)
  })
}

/** Compares what the chain stores with what was sent, both scaled so that the largest is 65535. */
async function readBack(
  deps: VerifierDeps,
  n: number,
  set: WeightSetRow,
  sent: WeightExtrinsicRow,
): Promise<void> {
  const { id, chain } = deps
  const block = await chain.blockAt(sent.includedBlock!)
  const metagraph = await chain.metagraph(id.netuid, block)
  const uid = metagraph.neurons.find((neuron) => neuron.hotkey === id.verifier)?.uid
  const stored = uid === undefined ? [] : await chain.weights(id.netuid, uid, block)
  const expected = maxUpscale(set.values)
  const equal =
    stored.length === set.uids.length &&
    stored.every(([u, value], i) => u === set.uids[i] && value === expected[i])
  await fenced(deps, (tx) => markConfirmed(tx, id, n, equal))
  if (!equal)
    deps.log.error({ n, block: block.number }, 'the chain stores other weights than were sent')
}

function describe(set: WeightSetRow): string {
  if (set.kind !== 'weights') return `${set.kind}: ${set.reason ?? ''}`.trim()
  const readBackText = set.readBackOk === false ? ', but the chain stores other values' : ''
  return `set in block ${set.includedBlock} for ${set.uids.length} provers${readBackText}`
}
