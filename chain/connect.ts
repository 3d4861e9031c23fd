import type { Log } from '../base/log.js'
import type { Chain } from './chain.js'
import { connectLocalChain } from './local/adapter.js'

/** Where `fractal localnet` listens by default. */
const LOCAL_ENDPOINT = 'http://127.0.0.1:9955'

export interface ChainOptions {
  /** `local`, or a Bittensor network: finney, test, archive, or any name with an endpoint. */
  network: string
  /** Without it: the local chain's usual address, or the network's own. */
  endpoint: string | undefined
  log?: Log
}

/** @throws ChainError: what connecting throws */
export async function connectChain({ network, endpoint, log }: ChainOptions): Promise<Chain> {
  if (network === 'local') return connectLocalChain(endpoint ?? LOCAL_ENDPOINT)
  // Only now: Polkadot's API takes a second to load, and a local chain needs none.
  const { connectSubtensor } = await import('./subtensor/adapter.js')
  const options = { network, endpoint: endpoint ?? '' }
  return connectSubtensor(log === undefined ? options : { ...options, log })
}
