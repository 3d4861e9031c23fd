import { option, text, whole } from '../define-option.js'

/** The network. */
export const CHAIN = {
  netuid: option(whole(0, 65_535), 1, 'netuid of the subnet'),
  'subtensor.network': option(
    text,
    'local',
    'local, or a Bittensor network: finney, test, archive',
  ),
  'subtensor.chain_endpoint': option(
    text,
    undefined,
    'wss://HOST:PORT to use instead of the network’s default; several are comma-separated and tried in order; for the local chain http://HOST:PORT (default: http://127.0.0.1:9955)',
  ),
}

/** The keys. */
export const WALLET = {
  'wallet.path': option(text, '~/.bittensor/wallets', 'wallet folder'),
  'wallet.name': option(text, 'default', 'wallet name (its coldkey)'),
  'wallet.hotkey': option(text, 'default', 'hotkey name in the wallet'),
}
