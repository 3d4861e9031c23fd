import type { WeightsStep } from '../../../chain/chain.js'
import type { Gate } from '../../support/gates/gate.js'

/** Of a subnet, as both development chains take it. */
export interface MadeSubnet {
  tempo?: number
  weightsRateLimit?: number
  minAllowedWeights?: number
  maxWeightLimit?: number
  servingRateLimit?: number
  commitReveal?: boolean
  timelocked?: boolean
}

/** An extrinsic about weights that a block holds and that had its effect. */
export interface HeldWeights {
  readonly hash: string
  /** By the call that it makes. */
  readonly step: WeightsStep
}

/** A development chain whose blocks a test makes. */
export interface MadeChain {
  readonly network: 'local' | 'devnet'
  readonly url: string
  /** Of this machine, and the chain takes it. */
  readonly axonHost: string
  makeSubnet(params: MadeSubnet): Promise<number>
  setParams(netuid: number, params: MadeSubnet): Promise<void>
  register(netuid: number, neurons: readonly { hotkey: string; coldkey: string }[]): Promise<void>
  setStake(netuid: number, hotkey: string, rao: bigint): Promise<void>
  headNumber(): Promise<number>
  newBlock(): Promise<void>
  /** Makes the block of this number, and what it needs before. */
  jump(to: number): Promise<void>
  /** A way to it on which an extrinsic can be held. */
  startGate(): Promise<Gate>
  /** The weights in its storage. */
  storedWeights(netuid: number, hotkey: string): Promise<[uid: number, value: number][]>
  /** All of a hotkey, in their order. */
  heldWeights(hotkey: string): Promise<HeldWeights[]>
}
