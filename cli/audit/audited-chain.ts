import { FractalError } from '../../base/errors.js'
import type { Chain } from '../../chain/chain.js'
import { type ChainOptions, connectChain } from '../../chain/connect.js'
import { ChainError } from '../../chain/errors.js'
import { networkOfGenesis } from '../../chain/subtensor/endpoints.js'
import type { Hex } from '../../formats/bytes.js'

/** Where the command line says that the chain is. */
export type GivenNetwork = Pick<ChainOptions, 'network' | 'endpoint'>

/**
 * The chain that records are compared with: the one that is named, else the public network with the records' genesis,
 * else a local chain at its usual address.
 */
export class AuditedChain {
  readonly #given: GivenNetwork | 'by_genesis' | null
  readonly #connect: (options: ChainOptions) => Promise<Chain>
  #chain: Chain | null = null
  #name: string | null

  /** @param given null: no chain is asked */
  constructor(given: GivenNetwork | 'by_genesis' | null, connect = connectChain) {
    this.#given = given
    this.#connect = connect
    this.#name = given === null || given === 'by_genesis' ? null : given.network
  }

  /** What it is called; null before it is known, or where none is asked. */
  get name(): string | null {
    return this.#name
  }

  /**
   * Connects now if the chain is named, so that a mistaken address is told before anything else.
   * @throws ChainError
   */
  async connectNamed(): Promise<void> {
    if (this.#given === null || this.#given === 'by_genesis') return
    this.#chain ??= await this.#connect(this.#given)
  }

  /**
   * The chain of a record; connects at the first call.
   * @param genesisHash of the record that is to be compared
   * @returns null where no chain is asked
   * @throws ChainError; FractalError `chain_unknown` where it has to be named
   */
  async of(genesisHash: Hex): Promise<Chain | null> {
    await this.connectNamed()
    if (this.#given === 'by_genesis') this.#chain ??= await this.#byGenesis(genesisHash)
    return this.#chain
  }

  async close(): Promise<void> {
    await this.#chain?.close()
  }

  async #byGenesis(genesisHash: Hex): Promise<Chain> {
    const known = networkOfGenesis(genesisHash)
    const network = known ?? 'local'
    try {
      const chain = await this.#connect({ network, endpoint: undefined })
      if (known === null && chain.genesisHash !== genesisHash) {
        await chain.close()
        throw chainUnknown(genesisHash)
      }
      this.#name = network
      return chain
    } catch (error) {
      throw known === null && error instanceof ChainError ? chainUnknown(genesisHash, error) : error
    }
  }
}

function chainUnknown(genesisHash: Hex, cause?: ChainError): FractalError {
  const what = `The record is of the chain with the genesis ${genesisHash}, which is no public network’s.`
  return new FractalError('chain_unknown', what, {
    hint: 'Say where that chain is (--subtensor.chain_endpoint http://HOST:PORT, and --subtensor.network NAME where it is no local chain), or audit without it (--no-chain).',
    cause,
  })
}
