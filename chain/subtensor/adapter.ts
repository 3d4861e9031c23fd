import type { Log } from '../../base/log.js'
import type { Signer } from '../../base/sr25519.js'
import type { Hex } from '../../formats/bytes.js'
import type {
  AxonAddress,
  BlockRef,
  Chain,
  Epoch,
  Inclusion,
  Metagraph,
  PreparedExtrinsic,
  SubnetParams,
  WeightsCall,
  WeightsCommit,
} from '../chain.js'
import { ChainError } from '../errors.js'
import { Connection } from './connection.js'
import { chainTarget } from './endpoints.js'
import { FinalizedBlocks, outcomeOf } from './inclusion.js'
import { readMetagraph } from './metagraph.js'
import { serveAxon } from './serve-axon.js'
import type { Session } from './session.js'
import { signExtrinsic } from './sign-extrinsic.js'
import { StateAt } from './storage.js'
import { submitExtrinsic } from './submit-extrinsic.js'
import { readSubnetParams } from './subnet-params.js'
import { mechanismOf } from './weights/mechanism.js'
import { readCommits, readEpoch, readWeights } from './weights/read-weights.js'
import { sealWeights } from './weights/seal-weights.js'
import { assertEncodable, weightsCall } from './weights/weights-call.js'

/** After this many blocks without news of a final one, the node is asked. */
const LONGEST_BLOCKS = 2

/** Bittensor's block time, if a runtime does not say. */
const USUAL_BLOCK_SECONDS = 12

export interface SubtensorOptions {
  /** `finney`, `test`, … or any other name, which then requires `endpoint`. */
  network: string
  /** One ws or wss URL, or several separated by commas, in the order to try; empty for the network's own. */
  endpoint: string
  /** Which of the subnet's mechanisms the weights are for. Default 0, the first. */
  mechanism?: number
  log?: Log
  /** Deadline of each request. Default 15 s. */
  deadlineMs?: number
  /** After this long without a new block, it reconnects. Default 120 s. */
  silenceMs?: number
  /** How often endpoints are compared, where several are given. Default 5 minutes. */
  compareMs?: number
}

/**
 * Connects to a Subtensor chain. What its runtime offers is read from the metadata at each block.
 * @throws ChainError `chain_endpoint`, `chain_unreachable`, `chain_timeout`, `genesis_changed`,
 * `bad_chain_answer`
 */
export async function connectSubtensor(options: SubtensorOptions): Promise<Chain> {
  const { network, endpoint, log = null, deadlineMs = 15_000, silenceMs = 120_000 } = options
  const { compareMs } = options
  const comparing = compareMs === undefined ? {} : { compareMs }
  const times = { deadlineMs, silenceMs, ...comparing }
  const connection = new Connection(chainTarget(network, endpoint), { ...times, log })
  try {
    const blockSeconds = await connection.run(secondsOfBlock)
    return new SubtensorChain(connection, blockSeconds, options.mechanism ?? 0)
  } catch (error) {
    connection.close()
    throw error
  }
}

class SubtensorChain implements Chain {
  readonly kind = 'subtensor'
  readonly allowsLoopbackAxons = false
  readonly genesisHash: Hex
  readonly blockSeconds: number
  readonly #connection: Connection
  readonly #mechanism: number
  readonly #blocks = new FinalizedBlocks()

  constructor(connection: Connection, blockSeconds: number, mechanism: number) {
    this.#connection = connection
    this.genesisHash = connection.genesis
    this.blockSeconds = blockSeconds
    this.#mechanism = mechanism
  }

  get endpoint(): string {
    return this.#connection.endpoint
  }

  head(): Promise<BlockRef> {
    return this.#connection.run((session) => this.#head(session))
  }

  finalized(): Promise<BlockRef> {
    return this.#connection.run((session) => session.finalized())
  }

  nextFinalized(after: number): Promise<number | null> {
    return this.#connection.nextFinalized(after, LONGEST_BLOCKS * this.blockSeconds * 1000)
  }

  blockAt(number: number): Promise<BlockRef> {
    return this.#connection.run(async (session) => {
      const finalized = await session.finalized()
      if (number > finalized.number) {
        const message = `block ${number} is not finalized yet: that is ${finalized.number}`
        throw new ChainError('not_finalized', message, { retryable: true })
      }
      return { number, hash: await session.blockHash(number) }
    })
  }

  metagraph(netuid: number, at?: BlockRef): Promise<Metagraph> {
    return this.#at(at, (state) => readMetagraph(state, this.#of(netuid)))
  }

  subnetParams(netuid: number, at?: BlockRef): Promise<SubnetParams> {
    return this.#at(at, (state) => readSubnetParams(state, netuid, this.#mechanism))
  }

  weights(netuid: number, uid: number, at?: BlockRef): Promise<[number, number][]> {
    return this.#at(at, (state) => readWeights(state, this.#of(netuid), uid))
  }

  commits(netuid: number, hotkey: string, at?: BlockRef): Promise<WeightsCommit[]> {
    return this.#at(at, (state) => readCommits(state, this.#of(netuid), hotkey))
  }

  epoch(netuid: number, at?: BlockRef): Promise<Epoch> {
    return this.#at(at, (state) => readEpoch(state, netuid))
  }

  prepareWeights(call: WeightsCall): Promise<PreparedExtrinsic> {
    return this.#connection.run(async (session) => {
      assertEncodable(call)
      const api = await session.latestApi()
      const sealed =
        call.step === 'timelock'
          ? await sealWeights(await this.#stateAtHead(session), call, this.blockSeconds)
          : null
      const about = { mechanism: this.#mechanism, sealed }
      const { call: made, commitHash } = weightsCall(api, call, about)
      return { ...(await signExtrinsic(session, api, made, call)), commitHash }
    })
  }

  specVersion(at?: BlockRef): Promise<number> {
    return this.#connection.run((session) => session.specVersion(at))
  }

  submit(prepared: PreparedExtrinsic): Promise<void> {
    return this.#connection.run((session) => submitExtrinsic(session, prepared, this.#blocks))
  }

  inclusion(hash: Hex, { from, to }: { from: number; to: number }): Promise<Inclusion | null> {
    return this.#connection.run(async (session) => {
      const last = Math.min(to, (await session.finalized()).number)
      const found = await this.#blocks.find(session, hash, from, last, true)
      return found === null ? null : outcomeOf(session, found)
    })
  }

  serveAxon(signer: Signer, netuid: number, address: AxonAddress): Promise<'served' | 'unchanged'> {
    const { blockSeconds } = this
    return serveAxon(this.#connection, { signer, netuid, address, blockSeconds })
  }

  lastBlockAgeMs(): number {
    return this.#connection.lastBlockAgeMs()
  }

  async close(): Promise<void> {
    this.#connection.close()
  }

  async #head(session: Session): Promise<BlockRef> {
    const head = await session.head()
    this.#connection.sawHead(head.number)
    return head
  }

  #of(netuid: number) {
    return mechanismOf(netuid, this.#mechanism)
  }

  async #stateAtHead(session: Session): Promise<StateAt> {
    return StateAt.open(session, await this.#head(session))
  }

  #at<T>(at: BlockRef | undefined, read: (state: StateAt) => Promise<T>): Promise<T> {
    return this.#connection.run(async (session) =>
      read(await (at === undefined ? this.#stateAtHead(session) : StateAt.open(session, at))),
    )
  }
}

/**
 * The block time from the runtime's constants. A development chain may be faster with the same runtime, and
 * reports its own.
 */
export async function secondsOfBlock(session: Session): Promise<number> {
  const { consts } = await session.api()
  const said = await session.saidBlockMs()
  if (said !== null) return said / 1000
  const planned = consts.aura?.slotDuration ?? consts.babe?.expectedBlockTime
  return Number(planned?.toString() ?? 0) / 1000 || USUAL_BLOCK_SECONDS
}
