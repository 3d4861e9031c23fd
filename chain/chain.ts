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
  /** ss58, prefix 42, as all addresses here. */
  hotkey: string
  coldkey: string
  axon: AxonAddress | null
  /** Stake weight on this subnet, in rao (10^9 rao = 1 TAO, or one alpha where a subnet has its own token). */
  stakeRao: bigint
  validatorPermit: boolean
  /** Block of the last weights, or of the registration: a new neuron waits the rate limit too. */
  lastUpdate: number
  registeredBlock: number
}

export interface Metagraph {
  netuid: number
  block: BlockRef
  /** By uid, from 0, without gaps. */
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
  /** Whether weights are committed to as a hash and revealed later; else they are set in the open. */
  commitReveal: boolean
  /**
   * With `commitReveal`, whether weights are committed to encrypted for a round of drand, after which
   * the chain shows them by itself: where a runtime offers both ways, this one.
   */
  timelocked: boolean
  /** A commit of epoch e is revealed in epoch e + this, no other. */
  revealPeriodEpochs: number
  immunityPeriod: number
  maxUids: number
  /** Below this stake the pool refuses weights. */
  minStakeRao: bigint
  servingRateLimit: number
  /** ss58: needs no permit and no stake to set weights; null where the runtime knows no such hotkey. */
  ownerHotkey: string | null
}

/** Signed and ready to send, as often as needed: an extrinsic has its effect once. */
export interface PreparedExtrinsic {
  hash: Hex
  bytes: Hex
  nonce: number
  /** First and last block that may include it. */
  eraFirst: number
  eraLast: number
  /** Of a commit: what the chain stores of it, of a timelocked one blake2b-256 of that. */
  commitHash: Hex | null
  /** Of the runtime that it is signed for: no block of another one includes it. Null: not noted. */
  specVersion: number | null
}

export type Inclusion =
  | { block: BlockRef; ok: true }
  /** `error` is the chain's own name, as in errors.ts. */
  | { block: BlockRef; ok: false; error: string }

/**
 * How an extrinsic carries weights: in the open, or hidden first and shown later, by a second
 * extrinsic or (`timelock`) by the chain itself.
 */
export type WeightsStep = 'set' | 'commit' | 'reveal' | 'timelock'

export interface WeightsCall {
  step: WeightsStep
  netuid: number
  uids: number[]
  /** u16 each; the chain stores them upscaled so that the largest is 65535 (max-upscale.ts). */
  values: number[]
  versionKey: number
  /** u16 each; of commit and reveal, the same in both. */
  salt?: number[]
  /** The hotkey. It never leaves this process. */
  signer: Signer
  /** How many blocks the extrinsic lives: a power of two, 4 … 65536. */
  eraBlocks: number
}

/** A commit that waits for its reveal, as the chain stores it. */
export interface WeightsCommit {
  hash: Hex
  /** The block that included it. */
  block: number
  /** First and last block that may include the reveal, as long as the subnet's tempo stays. */
  revealFirst: number
  revealLast: number
  /** Whether the chain reveals it by itself: then it is gone when it did, or when it couldn't. */
  timelocked: boolean
}

/** When the subnet's epochs end, as the chain reports. */
export interface Epoch {
  tempo: number
  /** Since the last block that ended an epoch. */
  blocksSinceLast: number
  /** The next block that ends one. */
  nextBlock: number
}

/**
 * What Fractal needs of a chain. Every call has a deadline and throws ChainError (errors.ts); nothing
 * here keeps a subscription, so a chain that restarts is noticed as `chain_unreachable` and no more.
 */
export interface Chain {
  readonly kind: 'local' | 'subtensor'
  readonly genesisHash: Hex
  readonly endpoint: string
  readonly blockSeconds: number
  readonly allowsLoopbackAxons: boolean
  head(): Promise<BlockRef>
  finalized(): Promise<BlockRef>
  /** Resolves when a block after this one may be final: the node has told so, or it is time to ask. */
  nextFinalized(after: number): Promise<void>
  /** Finalized blocks only. @throws ChainError `not_finalized` (retryable), `StateDiscarded` */
  blockAt(number: number): Promise<BlockRef>
  /** At the head unless `at` is given. @throws ChainError `SubNetworkDoesNotExist`, `StateDiscarded`, `UnknownBlock` */
  metagraph(netuid: number, at?: BlockRef): Promise<Metagraph>
  subnetParams(netuid: number, at?: BlockRef): Promise<SubnetParams>
  /** The weights as stored: max-upscaled, in the order they were sent; empty when none were set. */
  weights(netuid: number, uid: number, at?: BlockRef): Promise<[uid: number, value: number][]>
  /**
   * The hotkey's commits that were not revealed, oldest first, timelocked ones last. One that has
   * expired stays until the hotkey's next commit or reveal.
   */
  commits(netuid: number, hotkey: string, at?: BlockRef): Promise<WeightsCommit[]>
  epoch(netuid: number, at?: BlockRef): Promise<Epoch>
  /** Version of the runtime that makes the block after this one. */
  specVersion(at?: BlockRef): Promise<number>
  /**
   * Reads nonce and head, signs; sends nothing. @throws ChainError `weights_unsupported` when the
   * runtime offers no way that can be done right
   */
  prepareWeights(call: WeightsCall): Promise<PreparedExtrinsic>
  /**
   * Hands the bytes to the pool. The same bytes again, pending or included, are no error and have no
   * second effect. @throws ChainError by the pool's reason: `Stale`, `Future`, `AncientBirthBlock`,
   * `BadProof`, `NotEnoughStakeToSetWeights`, … What a block refuses shows in `inclusion`.
   */
  submit(prepared: PreparedExtrinsic): Promise<void>
  /**
   * The inclusion in the finalized blocks from … to (both included; blocks not finalized yet are not
   * looked at), or null. @throws ChainError `StateDiscarded` when `from` is no longer kept.
   */
  inclusion(hash: Hex, range: { from: number; to: number }): Promise<Inclusion | null>
  /** Resolves when a block has it; `unchanged` when the chain has this address already. */
  serveAxon(signer: Signer, netuid: number, address: AxonAddress): Promise<'served' | 'unchanged'>
  /** Since this adapter last learned of a new block, by any call; the watchdog acts at 120 s. */
  lastBlockAgeMs(): number
  close(): Promise<void>
}
