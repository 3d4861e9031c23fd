import { option, text, whole } from '../define-option.js'

/** The network. */
export const CHAIN = {
  netuid: option(whole(0, 65_535), 1, 'the subnet'),
  'subtensor.network': option(
    text,
    'local',
    'local, or a Bittensor network: finney, test, archive',
  ),
  'subtensor.chain_endpoint': option(
    text,
    undefined,
    'wss://HOST:PORT of the network, several by commas in the order to try, instead of its own; of the local chain http://HOST:PORT (default: http://127.0.0.1:9955)',
  ),
}

/** The keys. */
export const WALLET = {
  'wallet.path': option(text, '~/.bittensor/wallets', 'folder of the wallets'),
  'wallet.name': option(text, 'default', 'name of the wallet (its coldkey)'),
  'wallet.hotkey': option(text, 'default', 'name of the hotkey in the wallet'),
}
