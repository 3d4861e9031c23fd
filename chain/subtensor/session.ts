import type { ApiPromise } from '@polkadot/api'
import { z } from 'zod'
import { messageOf } from '../../base/errors.js'
import type { Hex } from '../../formats/bytes.js'
import type { BlockRef } from '../chain.js'
import { ChainError } from '../errors.js'
import { startApi } from './polkadot-api.js'
import { isFault, RpcError, readError } from './rpc-error.js'
import type { RpcSocket } from './rpc-socket.js'

const hash = z.string().regex(/^0x[0-9a-f]{64}$/)
const header = z.object({ number: z.string().regex(/^0x[0-9a-f]+$/) })
const body = z.object({ block: z.object({ extrinsics: z.array(z.string()) }) })
// Chain properties, which may be anything.
const properties = z.object({ blockMs: z.number().positive().nullish() }).catch({})
const subscription = z.union([z.string(), z.number()])

/** One connection to one node, and Polkadot's API over it: both end with the first fault. */
export class Session {
  readonly socket: RpcSocket
  #api: Promise<ApiPromise> | null = null

  constructor(socket: RpcSocket) {
    this.socket = socket
  }

  /** @throws what the operation throws, or the fault that ends the connection under it */
  run<T>(operation: (session: Session) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const forget = this.socket.onEnd(reject)
      operation(this).then(resolve, reject).finally(forget)
    })
  }

  /** @throws ChainError: `StateDiscarded`, `UnknownBlock`, `bad_chain_answer` and the connection's */
  async read<T>(method: string, params: unknown[], schema: z.ZodType<T>): Promise<T> {
    const { endpoint } = this.socket
    const answer = await this.socket.request(method, params).catch((error: unknown) => {
      if (!(error instanceof RpcError)) throw error
      const named = readError(error, method, endpoint)
      if (isFault(named)) this.socket.fail(named)
      throw named
    })
    const parsed = schema.safeParse(answer)
    if (parsed.success) return parsed.data
    const message = `${endpoint} answered ${method} with something that no Subtensor node says`
    throw new ChainError('bad_chain_answer', message, { cause: parsed.error })
  }

  /** Polkadot's API. It can read the state of any block, but makes calls for the runtime it started with. */
  api(): Promise<ApiPromise> {
    this.#api ??= this.#startApi()
    return this.#api
  }

  /** The same for the runtime of the best block, for signing: after an upgrade it is a different one. */
  async latestApi(): Promise<ApiPromise> {
    const started = this.api()
    const api = await started
    if ((await this.specVersion()) === api.runtimeVersion.specVersion.toNumber()) return api
    if (this.#api === started) this.#api = null
    return this.api()
  }

  /** Version of the runtime after this block, or after the best one. */
  async specVersion(at?: BlockRef): Promise<number> {
    const { state } = (await this.api()).rpc
    const { specVersion } = await state.getRuntimeVersion(...(at ? [`0x${at.hash}`] : []))
    return specVersion.toNumber()
  }

  async genesisHash(): Promise<Hex> {
    return bare(await this.read('chain_getBlockHash', [0], hash))
  }

  /** Block time in milliseconds, if the node reports it: a development chain does, Bittensor does not. */
  async saidBlockMs(): Promise<number | null> {
    return (await this.read('system_properties', [], properties)).blockMs ?? null
  }

  /** @throws ChainError `bad_chain_answer` and the connection's */
  async watchHeads(listener: (number: number) => void): Promise<void> {
    await this.#watch('chain_subscribeNewHeads', listener)
  }

  /** The same for final blocks. */
  async watchFinalized(listener: (number: number) => void): Promise<void> {
    await this.#watch('chain_subscribeFinalizedHeads', listener)
  }

  async #watch(method: string, listener: (number: number) => void): Promise<void> {
    const id = await this.read(method, [], subscription)
    this.socket.listen(id, (result) => {
      const told = header.safeParse(result)
      if (told.success) listener(Number(told.data.number))
    })
  }

  async head(): Promise<BlockRef> {
    const { number, hash } = await (await this.api()).rpc.chain.getHeader()
    return { number: number.toNumber(), hash: bare(hash.toHex()) }
  }

  async finalized(): Promise<BlockRef> {
    const hash = bare((await (await this.api()).rpc.chain.getFinalizedHead()).toHex())
    return { number: await this.numberOf(hash), hash }
  }

  /** Hash of a block in the best chain. @throws ChainError `UnknownBlock` if it has no such block */
  async blockHash(number: number): Promise<Hex> {
    const found = await (await this.api()).rpc.chain.getBlockHash(number)
    if (!found.isEmpty) return bare(found.toHex())
    throw new ChainError('UnknownBlock', `${this.socket.endpoint} has no block ${number}`)
  }

  /** @throws ChainError `UnknownBlock` if no block has this hash */
  async numberOf(block: Hex): Promise<number> {
    // Not through the API, which prints an error if the block does not exist.
    const found = await this.read('chain_getHeader', [`0x${block}`], header.nullable())
    if (found !== null) return Number(found.number)
    throw new ChainError('UnknownBlock', `${this.socket.endpoint} knows no block ${block}`)
  }

  /** The bytes of each extrinsic in a block, hex with `0x`; null if the node does not have the body. */
  async extrinsics(block: Hex): Promise<string[] | null> {
    // As bytes, because the API would decode everything that others sent, which is slow and may fail.
    const found = await this.read('chain_getBlock', [`0x${block}`], body.nullable())
    return found?.block.extrinsics ?? null
  }

  async #startApi(): Promise<ApiPromise> {
    let isReady = false
    const send = async (method: string, params: unknown[]) => {
      try {
        return await this.read(method, params, z.unknown())
      } catch (error) {
        // The API prints failures while it reads metadata. To keep it silent, it never learns of them, nor of
        // a lost connection: its request stays unanswered, and it is discarded with the session.
        if (isReady && method !== 'state_call' && this.socket.fault === null) throw error
        this.socket.fail(error as ChainError)
        return new Promise(() => undefined)
      }
    }
    try {
      const api = await startApi(send)
      isReady = true
      return api
    } catch (cause) {
      const message = `${this.socket.endpoint} has metadata that can't be read: ${messageOf(cause)}`
      const error = new ChainError('bad_chain_answer', message, { cause })
      this.socket.fail(error)
      throw error
    }
  }
}

function bare(hex: string): Hex {
  return hex.slice(2)
}
