/** Source: `GLOBAL_MAX_SUBNET_COUNT`. */
const MOST_SUBNETS = 4096

/** One of a subnet's mechanisms, which are scored independently. */
export interface MechanismOf {
  netuid: number
  /** The storage index of its weights, commits and last updates; the netuid for mechanism 0. */
  index: number
}

/** Source: `get_mechanism_storage_index`. */
export function mechanismOf(netuid: number, mechanism: number): MechanismOf {
  return { netuid, index: mechanism * MOST_SUBNETS + netuid }
}
