import type { SubnetParams, WeightsStep } from './chain.js'

/** The kind of extrinsic with which a subnet's weights begin. */
export function weightsStep({
  commitReveal,
  timelocked,
}: Pick<SubnetParams, 'commitReveal' | 'timelocked'>): Exclude<WeightsStep, 'reveal'> {
  if (!commitReveal) return 'set'
  return timelocked ? 'timelock' : 'commit'
}
