import type { MechanismProfile } from '../profile.js'

/** A neuron from the metagraph. */
export interface JudgedNeuron {
  hotkey: string
  /** Null if it has no address on the chain. */
  axon: unknown
  validatorPermit: boolean
  stakeRao: bigint
}

const RAO_PER_TAO = 1e9

/**
 * The neurons that are judged: those with an address that are neither this verifier nor another one with
 * enough stake.
 */
export function judgedNeurons<N extends JudgedNeuron>(
  neurons: readonly N[],
  verifier: string,
  profile: Pick<MechanismProfile, 'vpermitTaoLimit'>,
): N[] {
  const limit = BigInt(Math.round(profile.vpermitTaoLimit * RAO_PER_TAO))
  return neurons.filter(
    (neuron) =>
      neuron.hotkey !== verifier &&
      neuron.axon !== null &&
      !(neuron.validatorPermit && neuron.stakeRao > limit),
  )
}
