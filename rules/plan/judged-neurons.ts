import type { MechanismProfile } from '../profile.js'

/** A neuron as the metagraph has it. */
export interface JudgedNeuron {
  hotkey: string
  /** Null when it serves no address. */
  axon: unknown
  validatorPermit: boolean
  stakeRao: bigint
}

const RAO_PER_TAO = 1e9

/** Who is judged: neurons with an address that are neither this verifier nor another one of weight. */
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
