import ipaddr from 'ipaddr.js'
import { FractalError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { Signer } from '../base/sr25519.js'
import type { AxonAddress, Chain, Neuron } from '../chain/chain.js'

export interface AxonKeeperDeps {
  readonly chain: Pick<Chain, 'serveAxon'>
  readonly signer: Signer
  readonly netuid: number
  readonly address: AxonAddress
  readonly log: Log
}

/**
 * Keeps a prover's address on the chain, which forgets it when the hotkey loses its place, and takes it
 * from whoever else has the hotkey.
 */
export class AxonKeeper {
  readonly #deps: AxonKeeperDeps
  readonly #wanted: string
  /** Why the chain has another address than ours; null while it has ours. */
  #why: string | null = 'not served yet'

  constructor(deps: AxonKeeperDeps) {
    this.#deps = deps
    this.#wanted = spelled(deps.address)
  }

  /** For `/readyz`. */
  whyNotReady(): string | null {
    return this.#why === null ? null : `the chain does not have our address: ${this.#why}`
  }

  /**
   * Puts the address there. What passes with the next blocks (a rate limit, an outage) is left to the
   * next look at the neuron.
   * @throws ChainError what would be refused again
   */
  async serve(): Promise<void> {
    const { chain, signer, netuid, address, log } = this.#deps
    try {
      const served = await chain.serveAxon(signer, netuid, address)
      log.info({ axon: served }, 'the chain has our address')
      this.#why = null
    } catch (error) {
      if (!(error instanceof FractalError)) throw error
      if (this.#why !== error.code) {
        log.warn({ code: error.code, hint: error.hint }, 'our address is not on the chain')
      }
      this.#why = error.code
      if (!error.retryable) throw error
    }
  }

  /** After a look at the neuron: serves where the chain has none, or another's. */
  async keep({ axon }: Neuron): Promise<void> {
    if (axon !== null && spelled(axon) === this.#wanted) {
      this.#why = null
      return
    }
    if (this.#why === null) {
      this.#why = axon === null ? 'it has none' : 'it has another'
      this.#deps.log.warn(
        { has: axon === null ? 'none' : 'another' },
        'the chain no longer has our address; serving it again',
      )
    }
    // Said by `serve`, and tried again after the next look.
    await this.serve().catch((error: unknown) => {
      if (!(error instanceof FractalError)) throw error
    })
  }
}

/** Addresses have several spellings (::1 and 0:0:0:0:0:0:0:1). */
function spelled({ ip, port }: AxonAddress): string {
  return `${ipaddr.isValid(ip) ? ipaddr.parse(ip).toString() : ip} ${port}`
}
