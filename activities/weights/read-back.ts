import { FractalError } from '../../base/errors.js'
import type { BlockRef } from '../../chain/chain.js'
import { maxUpscale } from '../../chain/max-upscale.js'
import { markConfirmed, type WeightSetRow } from '../../ledger/intervals/weights.js'
import { withFence } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'

/**
 * Compares what the chain stores in the block that shows the weights with what was sent, both scaled to a
 * maximum of 65535, and stores whether they are equal.
 */
export async function readBack(deps: VerifierDeps, n: number, set: WeightSetRow): Promise<void> {
  const stored = await storedAt(deps, set.includedBlock!)
  const equal = stored && isStored(set, stored)
  await withFence(deps, (tx) => markConfirmed(tx, deps.id, n, equal))
  const block = set.includedBlock
  if (equal === false) {
    deps.log.error({ n, block }, 'the chain stores other weights than were sent')
  }
  if (equal === null) {
    deps.log.warn({ n, block }, 'the weights were not read back: that block’s state is gone')
  }
}

/** Whether the chain's weights equal those that were sent. */
export function isStored(
  { uids, values }: Pick<WeightSetRow, 'uids' | 'values'>,
  stored: readonly [uid: number, value: number][],
): boolean {
  const expected = maxUpscale(values)
  return (
    stored.length === uids.length &&
    stored.every(([uid, value], i) => uid === uids[i] && value === expected[i])
  )
}

async function storedAt(deps: VerifierDeps, number: number) {
  return orNull(async () => storedWeights(deps, await deps.chain.blockAt(number)))
}

/** Null if the node no longer keeps that block's state because the verifier was down for a long time. */
export async function storedWeights(
  { id, chain }: VerifierDeps,
  block: BlockRef,
): Promise<[uid: number, value: number][] | null> {
  return orNull(async () => {
    const { neurons } = await chain.metagraph(id.netuid, block)
    const uid = neurons.find((neuron) => neuron.hotkey === id.verifier)?.uid
    return uid === undefined ? [] : await chain.weights(id.netuid, uid, block)
  })
}

async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof FractalError && error.code === 'StateDiscarded') return null
    throw error
  }
}
