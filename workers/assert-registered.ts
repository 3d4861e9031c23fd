import { FractalError, messageOf } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { Chain, Neuron } from '../chain/chain.js'
import type { VerifierId } from '../ledger/verifier-id.js'

const NOT_THERE = ['HotKeyNotRegisteredInSubNet', 'SubNetworkDoesNotExist']

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

/** For roles that only ask provers: some provers may admit unregistered hotkeys. */
export async function warnUnlessRegistered(
  chain: Pick<Chain, 'metagraph'>,
  id: VerifierId,
  log: Log,
): Promise<void> {
  try {
    await assertRegistered(chain, id)
  } catch (error) {
    if (!(error instanceof FractalError && NOT_THERE.includes(error.code))) throw error
    const { code, hint } = error
    log.warn(
      { code, reason: messageOf(error), hint },
      'provers will refuse this process’s requests',
    )
  }
}
