import type { Log } from '../base/log.js'
import type { Chain } from './chain.js'
import { ChainError } from './errors.js'
import { connectLocalChain } from './local/adapter.js'

/** Where `fractal localnet` listens by default. */
const LOCAL_ENDPOINT = 'http://127.0.0.1:9955'

export interface ChainOptions {
  /** `local`, or a Bittensor network: finney, test, archive, or any name with an endpoint. */
  network: string
  /** Default: the local chain's usual address, or the network's own endpoints. */
  endpoint: string | undefined
  /** Which of the subnet's mechanisms the weights are for. Default 0, the only one of the local chain. */
  mechanism?: number
  log?: Log
}

/** @throws ChainError `MechanismDoesNotExist`, and what connecting throws */
export async function connectChain(options: ChainOptions): Promise<Chain> {
  const { network, endpoint, mechanism = 0, log } = options
  if (network === 'local' && mechanism !== 0) {
    throw new ChainError('MechanismDoesNotExist', 'the local chain only has mechanism 0')
  }
  if (network === 'local') return connectLocalChain(endpoint ?? LOCAL_ENDPOINT)
  // Imported lazily: Polkadot's API takes a second to load, and a local chain does not need it.
  const { connectSubtensor } = await import('./subtensor/adapter.js')
  const target = { network, endpoint: endpoint ?? '', mechanism }
  return connectSubtensor(log === undefined ? target : { ...target, log })
}
