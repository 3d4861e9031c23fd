import { z } from 'zod'
import type { Hex } from '../../formats/bytes.js'
import type { BlockRef } from '../chain.js'
import { ChainError } from '../errors.js'
import { RpcError, readError } from './rpc-error.js'
import type { RpcSocket } from './rpc-socket.js'
import { Runtime, type RuntimeVersion, runtimeVersion } from './runtime.js'

const hash = z.string().regex(/^0x[0-9a-f]{64}$/)
const header = z.object({ number: z.string().regex(/^0x[0-9a-f]+$/), parentHash: hash })
const changes = z.array(
  z.object({ changes: z.array(z.tuple([z.string(), z.string().nullable()])) }),
)

/** The storage key of System.Events: of every Substrate chain. */
const SYSTEM_EVENTS = '0x26aa394eea5630e07c48ae0c9558cef780d41e5e16056765bc8461851072c9d7'
/** Keys of one request: a few hundred kilobytes. */
const KEYS_A_REQUEST = 2000

/** The runtimes that were met, newest last: a chain has one at a time, and two around an upgrade. */
export class Runtimes {
  readonly #kept: Runtime[] = []

  find({ specName, specVersion }: RuntimeVersion): Runtime | undefined {
    return this.#kept.find(
      ({ version }) => version.specVersion === specVersion && version.specName === specName,
    )
  }

  keep(runtime: Runtime): void {
    this.#kept.push(runtime)
    if (this.#kept.length > 2) this.#kept.shift()
  }
}

/** The questions that this adapter has for a node, over one connection. */
export class Session {
  readonly socket: RpcSocket
  readonly #deadlineMs: number
  readonly #runtimes: Runtimes

  constructor(socket: RpcSocket, deadlineMs: number, runtimes: Runtimes) {
    this.socket = socket
    this.#deadlineMs = deadlineMs
    this.#runtimes = runtimes
  }

  /** @throws ChainError; RpcError too, for what the caller has names for */
  ask(method: string, params: unknown[] = []): Promise<unknown> {
    return this.socket.request(method, params, this.#deadlineMs)
  }

  /** @throws ChainError: `StateDiscarded`, `UnknownBlock`, `bad_chain_answer` and the connection's */
  async read<T>(method: string, params: unknown[], schema: z.ZodType<T>): Promise<T> {
    let result: unknown
    try {
      result = await this.ask(method, params)
    } catch (error) {
      if (error instanceof RpcError) throw readError(error, method, this.socket.endpoint)
      throw error
    }
    const parsed = schema.safeParse(result)
    if (parsed.success) return parsed.data
    const message = `${this.socket.endpoint} answered ${method} with what no Subtensor node says`
    throw new ChainError('bad_chain_answer', message, { cause: parsed.error })
  }

  /** @throws ChainError `bad_chain_answer` and the connection's */
  async watchHeads(listener: (number: number) => void): Promise<void> {
    const method = 'chain_subscribeNewHeads'
    try {
      await this.socket.subscribe(method, this.#deadlineMs, (result) => {
        const told = header.safeParse(result)
        if (told.success) listener(Number(told.data.number))
      })
    } catch (error) {
      if (error instanceof RpcError) throw readError(error, method, this.socket.endpoint)
      throw error
    }
  }

  async genesisHash(): Promise<Hex> {
    return bare(await this.read('chain_getBlockHash', [0], hash))
  }

  async head(): Promise<BlockRef> {
    // The best block's header has no hash: so ask for the hash, and then for what stands there.
    return this.#refOf(await this.read('chain_getBlockHash', [], hash))
  }

  async finalized(): Promise<BlockRef> {
    return this.#refOf(await this.read('chain_getFinalizedHead', [], hash))
  }

  /** Of the best chain; null above its head, or where the node has none. */
  async blockHash(number: number): Promise<Hex | null> {
    const found = await this.read('chain_getBlockHash', [number], hash.nullable())
    return found === null ? null : bare(found)
  }

  /** @throws ChainError `UnknownBlock` when the best chain has no such block here */
  async knownBlockHash(number: number): Promise<Hex> {
    const found = await this.blockHash(number)
    if (found !== null) return found
    throw new ChainError('UnknownBlock', `${this.socket.endpoint} has no block ${number}`)
  }

  /** @throws ChainError `UnknownBlock` when no block has this hash */
  async numberOf(block: Hex): Promise<number> {
    const found = await this.read('chain_getHeader', [`0x${block}`], header.nullable())
    if (found !== null) return Number(found.number)
    throw new ChainError('UnknownBlock', `${this.socket.endpoint} knows no block ${block}`)
  }

  /** Of each extrinsic of a block its bytes, hex with `0x`; null when the node keeps no body. */
  async extrinsics(block: Hex): Promise<string[] | null> {
    const body = z.object({ block: z.object({ extrinsics: z.array(z.string()) }) }).nullable()
    return (await this.read('chain_getBlock', [`0x${block}`], body))?.block.extrinsics ?? null
  }

  /** By key, in their order; null for what is not stored. */
  async storage(keys: string[], block: Hex): Promise<(string | null)[]> {
    const found = new Map<string, string | null>()
    const parts = []
    for (let i = 0; i < keys.length; i += KEYS_A_REQUEST) {
      const part = keys.slice(i, i + KEYS_A_REQUEST)
      parts.push(this.read('state_queryStorageAt', [part, `0x${block}`], changes))
    }
    for (const [set] of await Promise.all(parts)) {
      for (const [key, value] of set?.changes ?? []) found.set(key, value)
    }
    return keys.map((key) => found.get(key) ?? null)
  }

  /** Of a block, encoded; a runtime knows how to read them. */
  async events(block: Hex): Promise<string | null> {
    const [events] = await this.storage([SYSTEM_EVENTS], block)
    return events ?? null
  }

  async runtimeAt(block: Hex): Promise<Runtime> {
    const at = [`0x${block}`]
    const version = await this.read('state_getRuntimeVersion', at, runtimeVersion)
    const known = this.#runtimes.find(version)
    if (known !== undefined) return known
    const runtime = new Runtime(version, await this.read('state_getMetadata', at, z.string()))
    this.#runtimes.keep(runtime)
    return runtime
  }

  async nextNonce(account: string): Promise<number> {
    return this.read('system_accountNextIndex', [account], z.int())
  }

  async #refOf(found: string): Promise<BlockRef> {
    return { number: await this.numberOf(bare(found)), hash: bare(found) }
  }
}

function bare(hex: string): Hex {
  return hex.slice(2)
}
