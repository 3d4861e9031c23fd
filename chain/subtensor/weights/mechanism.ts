/** Source: `GLOBAL_MAX_SUBNET_COUNT`. */
const MOST_SUBNETS = 4096

/** One of a subnet's mechanisms, each of which is scored by itself. */
export interface MechanismOf {
  netuid: number
  /** Under which the chain stores its weights, commits and last updates: of mechanism 0 the netuid. */
  index: number
}

/** Source: `get_mechanism_storage_index`. */
export function mechanismOf(netuid: number, mechanism: number): MechanismOf {
  return { netuid, index: mechanism * MOST_SUBNETS + netuid }
}
