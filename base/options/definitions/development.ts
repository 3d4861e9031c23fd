import { flag, option, port, text, whole } from '../define-option.js'

/** The local chain. */
export const LOCALNET = {
  'localnet.port': option(port, 9955, 'port of the local chain on 127.0.0.1'),
  'localnet.block_ms': option(whole(1, 600_000), 12_000, 'milliseconds between two blocks'),
  'localnet.allow_loopback': option(flag, false, 'take axons at 127.0.0.1, as Bittensor does not'),
}

/** Subtensor's runtime on this machine. */
export const DEVNET = {
  'devnet.port': option(port, 9944, 'port of the chain on 127.0.0.1 (ws); 0 is any'),
  'devnet.block_ms': option(whole(100, 600_000), 1000, 'milliseconds between two blocks'),
  'devnet.provers': option(whole(0, 250), 2, 'how many prover hotkeys are registered'),
  'devnet.wallets': option(
    text,
    undefined,
    'folder of its wallets, made when missing (default: devnet/wallets in the state folder)',
  ),
  'devnet.tempo': option(whole(1, 7200), 20, 'blocks of an epoch of its subnet'),
  'devnet.weights_rate_limit': option(
    whole(0, 7200),
    5,
    'blocks between two weights of one neuron',
  ),
  'devnet.commit_reveal': option(flag, false, 'weights by commit and reveal only'),
  'devnet.stores': option(
    flag,
    false,
    'start PostgreSQL and Temporal for it too, empty, on the five ports after its own',
  ),
}
