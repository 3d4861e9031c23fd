import { ChainError } from '../../chain/errors.js'
import type { Extrinsic } from '../../chain/local/extrinsic.js'
import type { Hex } from '../../formats/bytes.js'
import { hasMinStake } from './set-weights.js'
import type { ChainState } from './state.js'

const MAX_PENDING = 4096

/**
 * Extrinsics that wait for the next block, in the order they came. Like a node's pool it is lost
 * with the process: whoever sent one sends the same bytes again.
 */
export class Pool {
  readonly #pending = new Map<Hex, Extrinsic>()

  has(hash: Hex): boolean {
    return this.#pending.has(hash)
  }

  /** What an account should sign next: what the chain has seen and what waits. */
  nextNonce(state: ChainState, account: string): number {
    const waiting = [...this.#pending.values()].filter(({ signer }) => signer === account)
    return (state.nonces[account] ?? 0) + waiting.length
  }

  /**
   * @param next number of the block being made
   * @throws ChainError by the name a Substrate pool gives: AncientBirthBlock, Stale, TooLowPriority
   *   (another one with this nonce waits), Future, NotEnoughStakeToSetWeights, ImmediatelyDropped.
   */
  add(extrinsic: Extrinsic, state: ChainState, next: number): void {
    const { signer, nonce, era, call } = extrinsic
    if (next < era[0] || next > era[1]) {
      const message = `the era ${era[0]}…${era[1]} does not hold the next block ${next}`
      throw new ChainError('AncientBirthBlock', message)
    }
    const used = state.nonces[signer] ?? 0
    const expected = this.nextNonce(state, signer)
    if (nonce !== expected) {
      const code = nonce < used ? 'Stale' : nonce < expected ? 'TooLowPriority' : 'Future'
      throw new ChainError(code, `nonce ${nonce} where ${expected} is next for ${signer}`)
    }
    const subnet = state.subnets[call.netuid]
    if (call.name !== 'serve_axon' && subnet !== undefined && !hasMinStake(subnet, signer)) {
      const message = `${signer} has less than the ${subnet.params.minStakeRao} rao this subnet asks`
      throw new ChainError('NotEnoughStakeToSetWeights', message)
    }
    if (this.#pending.size >= MAX_PENDING) {
      throw new ChainError('ImmediatelyDropped', 'the pool is full', { retryable: true })
    }
    this.#pending.set(extrinsic.hash, extrinsic)
  }

  /** Empties the pool. */
  take(): Extrinsic[] {
    const taken = [...this.#pending.values()]
    this.#pending.clear()
    return taken
  }
}
