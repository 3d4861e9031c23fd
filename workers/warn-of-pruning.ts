import { FractalError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { Chain } from '../chain/chain.js'
import { keepsStateOf, stateBlocksNeeded } from '../chain/kept-states.js'

const HINT = 'Give --subtensor.chain_endpoint a node that keeps more states, or an archive node.'

/**
 * Says in one line that the endpoint forgets states sooner than a verifier may need them: after an outage an
 * interval could not be opened any more, long before anybody looks.
 */
export async function warnOfPruning(
  chain: Chain,
  { netuid, intervalBlocks, log }: { netuid: number; intervalBlocks: number; log: Log },
): Promise<void> {
  const blocks = stateBlocksNeeded(intervalBlocks)
  try {
    if (await keepsStateOf(chain, netuid, blocks)) return
  } catch (error) {
    // Whoever needs the chain next says so.
    if (error instanceof FractalError) return
    throw error
  }
  log.warn(
    { endpoint: chain.endpoint, blocks, hint: HINT },
    'the chain endpoint forgets states sooner than an interval may be begun: after an outage some will be missed',
  )
}
