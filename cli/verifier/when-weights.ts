import type { Metagraph, Neuron, SubnetParams } from '../../chain/chain.js'
import type { WeightVector } from '../../rules/settle/weights.js'

export interface WhenFacts {
  readonly vector: WeightVector
  readonly metagraph: Metagraph
  readonly params: SubnetParams
  /** Null while the hotkey has no uid. */
  readonly me: Neuron | null
  readonly isDisabled: boolean
}

/** How the subnet takes weights, and what keeps this verifier from sending some now; a line each. */
export function whenWeights({ vector, metagraph, params, me, isDisabled }: WhenFacts): string[] {
  const lines: string[] = []
  const now = metagraph.block.number
  if (vector.kind !== 'weights') lines.push(`no weights: ${vector.reason}`)
  if (isDisabled) lines.push('--neuron.disable_set_weights: none are sent')
  if (me === null) return [...lines, 'the hotkey is not registered on this subnet']
  if (!me.validatorPermit && params.ownerHotkey !== me.hotkey) {
    lines.push('the hotkey has no validator permit')
  }
  if (me.stakeRao < params.minStakeRao && params.ownerHotkey !== me.hotkey) {
    lines.push('the hotkey has less stake than weights need on this subnet')
  }
  const allowedAt = me.lastUpdate + params.weightsRateLimit + 1
  lines.push(
    now < allowedAt
      ? `rate limit: block ${allowedAt} may hold the next weights, now ${now}`
      : `the rate limit allows weights in the next block, ${now + 1}`,
  )
  lines.push(`the subnet takes them ${wayOf(params)}`)
  return lines
}

function wayOf({ commitReveal, timelocked }: SubnetParams): string {
  if (!commitReveal) return 'in the open'
  return timelocked ? 'timelocked: the chain opens them by itself' : 'as a commit, revealed later'
}
