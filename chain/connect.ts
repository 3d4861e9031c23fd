import type { Chain } from './chain.js'
import { ChainError } from './errors.js'
import { connectLocalChain } from './local/adapter.js'

export interface ChainOptions {
  /** `local`, or a Bittensor network: finney, test. */
  network: string
  endpoint: string
}

/** @throws ChainError `subtensor_not_yet`, and what connecting throws. */
export async function connectChain({ network, endpoint }: ChainOptions): Promise<Chain> {
  if (network === 'local') return connectLocalChain(endpoint)
  const message = `this version of Fractal cannot speak to the network ${network} yet`
  throw new ChainError('subtensor_not_yet', message, {
    hint: 'The adapter for Subtensor comes with a later issue; use --subtensor.network local.',
  })
}
