import type { Neuron, SubnetParams, WeightsStep } from '../../chain.js'
import { ChainError } from '../../errors.js'
import { weightsStep } from '../../weights-step.js'
import { readMetagraph } from '../metagraph.js'
import type { StateAt } from '../storage.js'
import { readSubnetParams } from '../subnet-params.js'
import { mechanismOf } from '../weights/mechanism.js'
import { readCommits, readEpoch } from '../weights/read-weights.js'
import { findMethod } from '../weights/weights-call.js'
import type { Finding } from './finding.js'

/** What a verifier of this subnet would read, and the way in which its weights would go. */
export interface CheckedSubnet {
  readonly findings: readonly Finding[]
  /** Null when the subnet can't be read. */
  readonly step: WeightsStep | null
}

/**
 * Reads a subnet as a verifier does: names of storage that are there say nothing of the values' shapes.
 * @throws ChainError of the connection
 */
export async function checkSubnet(
  state: StateAt,
  { netuid, mechanism }: { netuid: number; mechanism: number },
): Promise<CheckedSubnet> {
  const of = mechanismOf(netuid, mechanism)
  const subnet = `subnet ${netuid}${mechanism === 0 ? '' : `, mechanism ${mechanism}`}`
  try {
    const params = await readSubnetParams(state, netuid, mechanism)
    const { neurons } = await readMetagraph(state, of)
    const { nextBlock } = await readEpoch(state, netuid)
    for (const neuron of neurons.slice(0, 1)) await readCommits(state, of, neuron.hotkey)
    const step = weightsStep(params)
    return {
      findings: [
        { is: 'ok', what: `${subnet}: ${described(params, neurons, nextBlock)}` },
        way(state, { subnet, step, mechanism }),
      ],
      step,
    }
  } catch (error) {
    if (!(error instanceof ChainError) || error.retryable) throw error
    const { message, hint } = error
    const what = `${subnet}: ${message}${hint === undefined ? '' : ` (${hint})`}`
    return { findings: [{ is: 'missing', what }], step: null }
  }
}

function described(params: SubnetParams, neurons: readonly Neuron[], nextEpoch: number): string {
  const permits = neurons.filter(({ validatorPermit }) => validatorPermit).length
  const { tempo, weightsRateLimit, weightsVersionKey, commitReveal } = params
  const parts = [
    `${neurons.length} neurons, ${permits} with a permit`,
    `tempo ${tempo}, next epoch in block ${nextEpoch}`,
    `weights every ${weightsRateLimit} blocks, of version ${weightsVersionKey} or later`,
    `commit-reveal ${commitReveal ? 'on' : 'off'}`,
  ]
  return parts.join('; ')
}

function way(
  state: StateAt,
  { subnet, step, mechanism }: { subnet: string; step: WeightsStep; mechanism: number },
): Finding {
  const callOf = (each: WeightsStep) =>
    findMethod(each, (call) => state.argumentsOf(call), mechanism).found?.call
  const calls = step === 'commit' ? [callOf('commit'), callOf('reveal')] : [callOf(step)]
  if (calls.includes(undefined)) {
    return { is: 'missing', what: `${subnet}: no way to set weights that this version knows` }
  }
  const shown = step === 'timelock' ? ', which the chain reveals' : ''
  return { is: 'ok', what: `${subnet}: weights would go by ${calls.join(', then ')}${shown}` }
}
