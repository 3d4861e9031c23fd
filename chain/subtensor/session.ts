import type { ApiPromise } from '@polkadot/api'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { messageOf } from '../../base/errors.js'
import type { Hex } from '../../formats/bytes.js'
import type { BlockRef } from '../chain.js'
import { ChainError } from '../errors.js'
import { type HeaderJson, header, headerHash } from './header.js'
import { startApi } from './polkadot-api.js'
import { refusalOf } from './refusal.js'
import { isFault, RpcError, readError } from './rpc-error.js'
import type { RpcSocket } from './rpc-socket.js'

const hashText = z.string().regex(/^0x[0-9a-f]{64}$/)
const numbered = header.pick({ number: true })
const body = z.object({ block: z.object({ extrinsics: z.array(z.string()) }) })
// Chain properties, which may be anything.
const properties = z.object({ blockMs: z.number().positive().nullish() }).catch({})
const subscription = z.union([z.string(), z.number()])

/** What a node says of a block by its hash stays true: it is asked for once. */
const UNCHANGING = ['chain_getHeader', 'state_getRuntimeVersion']
/** Blocks that are read at once, several times over. */
const KEPT_ANSWERS = 64

/** One connection to one node, and Polkadot's API over it: both end with the first fault. */
export class Session {
  readonly socket: RpcSocket
  readonly #kept = new LRUCache<string, object>({ max: KEPT_ANSWERS })
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
    const key = keyOf(method, params)
    const kept = key === null ? undefined : this.#kept.get(key)
    const answer = kept ?? (await this.#ask(method, params))
    if (key !== null && typeof answer === 'object' && answer !== null) this.#kept.set(key, answer)
    const parsed = schema.safeParse(answer)
    if (parsed.success) return parsed.data
    const message = `${endpoint} answered ${method} with something that no Subtensor node says`
    throw new ChainError('bad_chain_answer', message, { cause: parsed.error })
  }

  /**
   * Hands an extrinsic to the pool. Not through the API, which would decode and re-encode it: exactly these bytes must
   * be sent. @throws RpcError what the pool refuses; ChainError of the connection and of an endpoint that refuses us
   */
  async submit(bytes: Hex): Promise<void> {
    const method = 'author_submitExtrinsic'
    try {
      await this.socket.request(method, [`0x${bytes}`])
    } catch (error) {
      const refusal =
        error instanceof RpcError ? refusalOf(error, method, this.socket.endpoint) : null
      if (refusal === null) throw error
      this.socket.fail(refusal)
      throw refusal
    }
  }

  async #ask(method: string, params: unknown[]): Promise<unknown> {
    try {
      return await this.socket.request(method, params)
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      const named = readError(error, method, this.socket.endpoint)
      if (isFault(named)) this.socket.fail(named)
      throw named
    }
  }

  /** Polkadot's API. It reads the state of any block, and makes calls of the runtime it began with. */
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
    return bare(await this.read('chain_getBlockHash', [0], hashText))
  }

  /** Block time in milliseconds, if the node reports it: a development chain does, Bittensor does not. */
  async saidBlockMs(): Promise<number | null> {
    return (await this.read('system_properties', [], properties)).blockMs ?? null
  }

  /** @throws ChainError `bad_chain_answer` and the connection's */
  async watchHeads(listener: (block: BlockRef) => void): Promise<void> {
    await this.#watch('chain_subscribeNewHeads', listener)
  }

  /** The same of blocks that are final. */
  async watchFinalized(listener: (block: BlockRef) => void): Promise<void> {
    await this.#watch('chain_subscribeFinalizedHeads', listener)
  }

  async #watch(method: string, listener: (block: BlockRef) => void): Promise<void> {
    const id = await this.read(method, [], subscription)
    this.socket.listen(id, (result) => {
      const told = header.safeParse(result)
      if (told.success) listener(this.#keep(told.data))
    })
  }

  async head(): Promise<BlockRef> {
    return this.#keep(await this.read('chain_getHeader', [], header))
  }

  async finalized(): Promise<BlockRef> {
    const hash = bare(await this.read('chain_getFinalizedHead', [], hashText))
    return { number: await this.numberOf(hash), hash }
  }

  #keep(told: HeaderJson): BlockRef {
    const hash = headerHash(told)
    this.#kept.set(`chain_getHeader 0x${hash}`, told)
    return { number: Number(told.number), hash }
  }

  /** Of the best chain. @throws ChainError `UnknownBlock` when it has no such block here */
  async blockHash(number: number): Promise<Hex> {
    const found = await this.read('chain_getBlockHash', [number], hashText.nullable())
    if (found !== null) return bare(found)
    throw new ChainError('UnknownBlock', `${this.socket.endpoint} has no block ${number}`)
  }

  /** @throws ChainError `UnknownBlock` if no block has this hash */
  async numberOf(block: Hex): Promise<number> {
    // Of a block that is not there the API prints.
    const found = await this.read('chain_getHeader', [`0x${block}`], numbered.nullable())
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

/** Null for what may be answered otherwise next time. */
function keyOf(method: string, [block, ...more]: unknown[]): string | null {
  const isOfBlock = typeof block === 'string' && more.length === 0 && UNCHANGING.includes(method)
  return isOfBlock ? `${method} ${block}` : null
}

function bare(hex: string): Hex {
  return hex.slice(2)
}
