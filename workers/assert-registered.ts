import { FractalError } from '../base/errors.js'
import type { Chain, Neuron } from '../chain/chain.js'
import type { VerifierId } from '../ledger/verifier-id.js'

/** @throws FractalError `HotKeyNotRegisteredInSubNet`, `SubNetworkDoesNotExist`, and what reads throw */
export async function assertRegistered(
  chain: Pick<Chain, 'metagraph'>,
  id: VerifierId,
): Promise<Neuron> {
  const { neurons } = await chain.metagraph(id.netuid)
  const me = neurons.find((neuron) => neuron.hotkey === id.verifier)
  if (me !== undefined) return me
  throw new FractalError(
    'HotKeyNotRegisteredInSubNet',
    `the hotkey ${id.verifier} is not registered on subnet ${id.netuid}`,
    { hint: 'Register it, or check --netuid, --wallet.name and --wallet.hotkey.' },
  )
}
