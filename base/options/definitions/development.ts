import { flag, option, port, text, whole } from '../define-option.js'

/** The local chain. */
export const LOCALNET = {
  'localnet.port': option(port, 9955, 'port of the local chain on 127.0.0.1'),
  'localnet.block_ms': option(whole(1, 600_000), 12_000, 'block time in milliseconds'),
  'localnet.allow_loopback': option(flag, false, 'accept axons at 127.0.0.1 (Bittensor does not)'),
}

/** Subtensor's runtime on this machine. */
export const DEVNET = {
  'devnet.host': option(
    text,
    '127.0.0.1',
    'address that the chain listens on; 0.0.0.0 only inside a container network: whoever reaches it is root there',
  ),
  'devnet.port': option(port, 9944, 'WebSocket port of the chain (0: any free port)'),
  'devnet.block_ms': option(whole(100, 600_000), 1000, 'block time in milliseconds'),
  'devnet.provers': option(whole(0, 250), 2, 'number of prover hotkeys to register'),
  'devnet.wallets': option(
    text,
    undefined,
    'wallet folder, created when missing (default: devnet/wallets in the state folder)',
  ),
  'devnet.tempo': option(whole(1, 7200), 20, 'tempo of the subnet: blocks per epoch'),
  'devnet.weights_rate_limit': option(
    whole(0, 7200),
    5,
    'minimum number of blocks between two weight updates of a neuron',
  ),
  'devnet.commit_reveal': option(flag, false, 'accept only commit-reveal weights'),
  'devnet.stores': option(
    flag,
    false,
    'also start an empty PostgreSQL and Temporal, on the next five ports',
  ),
}
