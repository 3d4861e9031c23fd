import type { Signer } from '../base/sr25519.js'
import type { Hex } from '../formats/bytes.js'

export interface BlockRef {
  number: number
  hash: Hex
}

export interface AxonAddress {
  ip: string
  port: number
}

export interface Neuron {
  uid: number
  /** ss58, prefix 42, like all addresses here. */
  hotkey: string
  coldkey: string
  axon: AxonAddress | null
  /**
   * Stake weight on this subnet, in rao (10^9 rao = 1 TAO, or one alpha if the subnet has its own token).
   */
  stakeRao: bigint
  validatorPermit: boolean
  /** Block of the last weights, or of the registration: the rate limit applies to a new neuron too. */
  lastUpdate: number
  registeredBlock: number
}

export interface Metagraph {
  netuid: number
  block: BlockRef
  /** Indexed by uid, without gaps. */
  neurons: Neuron[]
}

/** Lengths of time in blocks. */
export interface SubnetParams {
  tempo: number
  weightsRateLimit: number
  /** Weights with a lower key are refused; 0 accepts any. */
  weightsVersionKey: number
  minAllowedWeights: number
  /** The largest share one uid may have, as u16: 65535 is no limit. */
  maxWeightLimit: number
  /** Whether weights are committed as a hash and revealed later; otherwise they are set in plain form. */
  commitReveal: boolean
  /**
   * With `commitReveal`, whether commits are encrypted to a drand round, after which the chain reveals them
   * by itself. Preferred if a runtime offers both kinds.
   */
  timelocked: boolean
  /** A commit of epoch e is revealed only in epoch e + this. */
  revealPeriodEpochs: number
  immunityPeriod: number
  maxUids: number
  /** The pool refuses weights from hotkeys with less stake. */
  minStakeRao: bigint
  servingRateLimit: number
  /**
   * ss58 of the owner, which needs no permit and no stake to set weights; null if the runtime has no such
   * hotkey.
   */
  ownerHotkey: string | null
}

/** A signed extrinsic, ready to send, as often as needed: it takes effect only once. */
export interface PreparedExtrinsic {
  hash: Hex
  bytes: Hex
  nonce: number
  /** First and last block that may include it. */
  eraFirst: number
  eraLast: number
  /** For a commit: what the chain stores of it; for a timelocked one, blake2b-256 of that. */
  commitHash: Hex | null
  /** The runtime version it is signed for: no block of another one can include it. Null: not recorded. */
  specVersion: number | null
}

export type Inclusion =
  | { block: BlockRef; ok: true }
  /** `error` is the chain's own error name, as in errors.ts. */
  | { block: BlockRef; ok: false; error: string }

/**
 * How an extrinsic carries weights: plain, or committed first and revealed later, by a second extrinsic or
 * (`timelock`) by the chain itself.
 */
export type WeightsStep = 'set' | 'commit' | 'reveal' | 'timelock'

export interface WeightsCall {
  step: WeightsStep
  netuid: number
  uids: number[]
  /** u16 each; the chain stores them scaled to a maximum of 65535 (max-upscale.ts). */
  values: number[]
  versionKey: number
  /** u16 each; only for commit and reveal, and the same in both. */
  salt?: number[]
  /** The hotkey. It never leaves this process. */
  signer: Signer
  /** Mortality of the extrinsic in blocks: a power of two, 4 … 65536. */
  eraBlocks: number
}

/** A commit that waits for its reveal, as stored on the chain. */
export interface WeightsCommit {
  hash: Hex
  /** The block that included it. */
  block: number
  /** First and last block that may include the reveal, unless the subnet's tempo changes. */
  revealFirst: number
  revealLast: number
  /** Whether the chain reveals it by itself: it then disappears once revealed, or if that failed. */
  timelocked: boolean
}

/** When the subnet's epochs end, according to the chain. */
export interface Epoch {
  tempo: number
  /** Blocks since the last one that ended an epoch. */
  blocksSinceLast: number
  /** The next block that ends one. */
  nextBlock: number
}

/**
 * What Fractal needs from a chain. Every call has a deadline and throws ChainError (errors.ts); no
 * subscriptions are exposed, so a restart of the chain only shows as `chain_unreachable`.
 */
export interface Chain {
  readonly kind: 'local' | 'subtensor'
  readonly genesisHash: Hex
  readonly endpoint: string
  readonly blockSeconds: number
  readonly allowsLoopbackAxons: boolean
  head(): Promise<BlockRef>
  finalized(): Promise<BlockRef>
  /** A later final block of which the node has told, without a request; null when it is time to ask. */
  nextFinalized(after: number): Promise<number | null>
  /** Finalized blocks only. @throws ChainError `not_finalized` (retryable), `StateDiscarded` */
  blockAt(number: number): Promise<BlockRef>
  /**
   * At the head, unless `at` is given.
   * @throws ChainError `SubNetworkDoesNotExist`, `StateDiscarded`, `UnknownBlock`
   */
  metagraph(netuid: number, at?: BlockRef): Promise<Metagraph>
  subnetParams(netuid: number, at?: BlockRef): Promise<SubnetParams>
  /** The weights as stored: max-upscaled, in the order in which they were sent; empty if none were set. */
  weights(netuid: number, uid: number, at?: BlockRef): Promise<[uid: number, value: number][]>
  /**
   * The hotkey's unrevealed commits, oldest first, timelocked ones last. An expired one stays until the
   * hotkey's next commit or reveal.
   */
  commits(netuid: number, hotkey: string, at?: BlockRef): Promise<WeightsCommit[]>
  epoch(netuid: number, at?: BlockRef): Promise<Epoch>
  /** Version of the runtime that produces the block after this one. */
  specVersion(at?: BlockRef): Promise<number>
  /**
   * Reads nonce and head, and signs; sends nothing.
   * @throws ChainError `weights_unsupported` if the runtime offers no supported method
   */
  prepareWeights(call: WeightsCall): Promise<PreparedExtrinsic>
  /**
   * Submits the bytes to the pool. Submitting the same bytes again, pending or included, is not an error and
   * has no second effect.
   * @throws ChainError with the pool's reason: `Stale`, `Future`, `AncientBirthBlock`, `BadProof`,
   * `NotEnoughStakeToSetWeights`, … A refusal by a block shows in `inclusion`.
   */
  submit(prepared: PreparedExtrinsic): Promise<void>
  /**
   * The inclusion in the finalized blocks `from` … `to` (inclusive; blocks not finalized yet are ignored), or
   * null.
   * @throws ChainError `StateDiscarded` if `from` is no longer kept.
   */
  inclusion(hash: Hex, range: { from: number; to: number }): Promise<Inclusion | null>
  /** Resolves when a block includes it; `unchanged` if the chain already has this address. */
  serveAxon(signer: Signer, netuid: number, address: AxonAddress): Promise<'served' | 'unchanged'>
  /** Time since this adapter last learned of a new block, by any call; the watchdog acts at 120 s. */
  lastBlockAgeMs(): number
  close(): Promise<void>
}
