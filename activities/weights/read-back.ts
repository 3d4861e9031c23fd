import { FractalError } from '../../base/errors.js'
import { maxUpscale } from '../../chain/max-upscale.js'
import { markConfirmed, type WeightSetRow } from '../../ledger/intervals/weights.js'
import { withFence } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'

/**
 * Compares what the chain stores in the block that shows the weights with what was sent, both scaled
 * so that the largest is 65535; stores whether they are equal.
 */
export async function readBack(deps: VerifierDeps, n: number, set: WeightSetRow): Promise<void> {
  const stored = await storedWeights(deps, set.includedBlock!)
  const expected = maxUpscale(set.values)
  const equal =
    stored &&
    stored.length === set.uids.length &&
    stored.every(([uid, value], i) => uid === set.uids[i] && value === expected[i])
  await withFence(deps, (tx) => markConfirmed(tx, deps.id, n, equal))
  const block = set.includedBlock
  if (equal === false) {
    deps.log.error({ n, block }, 'the chain stores other weights than were sent')
  }
  if (equal === null) {
    deps.log.warn({ n, block }, 'the weights were not read back: that block’s state is gone')
  }
}

/** Null when the node no longer keeps that block's state: the verifier was down for long. */
async function storedWeights(
  { id, chain }: VerifierDeps,
  number: number,
): Promise<[uid: number, value: number][] | null> {
  try {
    const block = await chain.blockAt(number)
    const { neurons } = await chain.metagraph(id.netuid, block)
    const uid = neurons.find((neuron) => neuron.hotkey === id.verifier)?.uid
    return uid === undefined ? [] : await chain.weights(id.netuid, uid, block)
  } catch (error) {
    if (error instanceof FractalError && error.code === 'StateDiscarded') return null
    throw error
  }
}
