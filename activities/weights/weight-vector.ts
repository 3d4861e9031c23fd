import type { BlockRef, Metagraph, SubnetParams } from '../../chain/chain.js'
import type { NewWeightSet } from '../../ledger/intervals/weights.js'
import type { Settlement } from '../../rules/settle/settlement.js'
import { type WeightInput, weightVector } from '../../rules/settle/weights.js'
import type { VerifierDeps } from '../verifier-deps.js'

/** The chain's state when the vector is computed; recorded with it. */
export interface ChainFacts {
  readonly metagraph: Metagraph
  readonly params: SubnetParams
}

export async function readChainFacts(
  deps: Pick<VerifierDeps, 'chain' | 'id'>,
): Promise<ChainFacts> {
  const at = await deps.chain.finalized()
  const [metagraph, params] = await Promise.all([
    deps.chain.metagraph(deps.id.netuid, at),
    deps.chain.subnetParams(deps.id.netuid, at),
  ])
  return { metagraph, params }
}

/** The input of the weights except for the chain's state. */
type WeightScores = Pick<WeightInput, 'scores' | 'standingCheats'>

/** A vector, and everything that it was computed from. */
export interface ComputedWeights extends NewWeightSet {
  readonly input: WeightInput & { readonly block: BlockRef; readonly [fact: string]: unknown }
}

/** The vector, with everything that it was computed from (mechanism section 5). */
export function computeWeightSet(
  deps: Pick<VerifierDeps, 'id'>,
  weighed: WeightScores,
  sending: ChainFacts,
): ComputedWeights {
  const { metagraph, params } = sending
  const input = {
    scores: weighed.scores,
    standingCheats: weighed.standingCheats,
    neurons: metagraph.neurons.map(({ uid, hotkey }) => ({ uid, hotkey })),
    ownUid: metagraph.neurons.find((neuron) => neuron.hotkey === deps.id.verifier)?.uid ?? null,
    minAllowed: params.minAllowedWeights,
    maxWeightLimit: params.maxWeightLimit,
  }
  const vector = weightVector(input)
  const { number, hash } = metagraph.block
  return {
    kind: vector.kind,
    uids: vector.kind === 'weights' ? vector.uids : [],
    values: vector.kind === 'weights' ? vector.values : [],
    reason: vector.kind === 'weights' ? null : vector.reason,
    input: { block: { number, hash }, ...input },
  }
}

/** The scores that result from a settlement. */
export function weightScores(settlement: Settlement): WeightScores {
  return {
    scores: settlement.provers.map(({ hotkey, uid, scoreAfter }) => ({
      hotkey,
      uid,
      scorePpm: scoreAfter,
    })),
    standingCheats: settlement.cheatingHotkeys,
  }
}
