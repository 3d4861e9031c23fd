import { FractalError, type FractalErrorOptions } from '../base/errors.js'

/** What to do about a code, if that is always the same. */
const HINTS: Record<string, string> = {
  // Refusals by a block (Subtensor's names).
  SettingWeightsTooFast: 'Wait until weightsRateLimit blocks have passed since lastUpdate.',
  IncorrectWeightVersionKey: 'Update Fractal: the subnet requires a newer version key.',
  WeightVecLengthIsLow: 'The subnet requires at least minAllowedWeights weights.',
  MaxWeightExceeded: 'One uid has a larger share than the subnet allows (maxWeightLimit).',
  HotKeyNotRegisteredInSubNet: 'Register the hotkey on this subnet, or check --netuid.',
  HotKeyNotRegisteredInNetwork: 'Register the hotkey on this subnet, or check --netuid.',
  NeuronNoValidatorPermit: 'The hotkey has too little stake for a validator permit here.',
  SubNetworkDoesNotExist: 'Check --netuid and --subtensor.network.',
  MechanismDoesNotExist: 'Check --neuron.mechanism and --netuid.',
  CommitRevealEnabled: 'This subnet only accepts weights by commit-reveal.',
  IncorrectCommitRevealVersion:
    'Update Fractal: the chain reads timelocked weights of a newer version.',
  InvalidIpAddress: 'Serve a public address: see --axon.external_ip.',
  ServingRateLimitExceeded: 'Wait servingRateLimit blocks before changing the address again.',
  NotEnoughStakeToSetWeights: 'Add stake to the hotkey.',
  StakeAmountTooLow: 'Add stake to the hotkey.',
  // Refusals by the pool.
  AncientBirthBlock: 'The extrinsic has outlived its era: sign a new one.',
  Stale: 'The account has used this nonce: another extrinsic of this key was included.',
  Future: 'An extrinsic with a lower nonce must come first.',
  BadProof: 'The endpoint may belong to another chain, or its runtime was just upgraded.',
  TooLowPriority: 'Another extrinsic of this key with this nonce is waiting.',
  // A node's answers to reads.
  StateDiscarded: 'Use an archive node, or a later block.',
  // Our own codes.
  chain_unreachable: 'Check --subtensor.chain_endpoint, and that the node is running.',
  chain_timeout:
    'Check that the node is healthy, or give another one in --subtensor.chain_endpoint.',
  chain_forked:
    'Endpoints contradict each other: compare them with a public one, and remove the wrong one.',
  genesis_changed: 'This address answers for another chain: restart with the right endpoint.',
}

/** Refusals that may end some blocks later. All others stay refused. */
const PASSES_LATER: ReadonlySet<string> = new Set([
  'SettingWeightsTooFast',
  'CommittingWeightsTooFast',
  'ServingRateLimitExceeded',
  'RateLimitExceeded',
  'TxRateLimitExceeded',
  'NetworkTxRateLimitExceeded',
  'RevealTooEarly',
  'CommitBlockNotInRevealRange',
  'Future',
  'TooLowPriority',
  'TemporarilyBanned',
  'ImmediatelyDropped',
  'ExhaustsResources',
  'UnknownTransaction',
])

/** Whether a retry can help after the pool or a block refused with this error name. */
export function retryHelps(name: string): boolean {
  return PASSES_LATER.has(name)
}

/**
 * An error from the chain, or in reaching it. `code` is the chain's own name (SettingWeightsTooFast, Stale,
 * StateDiscarded, …) or one of ours: `chain_unreachable`, `chain_timeout`, `not_finalized` (these three
 * retryable), `chain_forked`, `bad_chain_answer`, `bad_request`, `chain_endpoint`, `extension_unsupported`,
 * `genesis_changed`, `invalid_era`, `not_included`, `pool_refused`, `weights_unsupported`.
 */
export class ChainError extends FractalError {
  constructor(code: string, message: string, options: FractalErrorOptions = {}) {
    const hint = options.hint ?? HINTS[code]
    super(code, message, hint === undefined ? options : { ...options, hint })
  }
}

/**
 * `wallet_missing`, `wallet_exists`, `wallet_unreadable`, `wallet_unwritable` (about the file),
 * `wallet_damaged`, `wallet_encrypted`, `wallet_mismatch`, `wallet_crypto` (about its contents),
 * `wallet_name`, `wallet_phrase` (about what was given).
 */
export class WalletError extends FractalError {}
