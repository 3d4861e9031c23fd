import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { compact } from '../../../chain/scale.js'
import { type HeaderJson, headerHash } from '../../../chain/subtensor/header.js'
import { concat, toHex } from '../../../formats/bytes.js'
import type { MadeRuntime } from './made-runtime.js'

const ZERO = `0x${'00'.repeat(32)}`
/** "Metadata", by which a runtime says that it has calls for its metadata. */
const METADATA_API = ['0x37e397fc7c91f5e4', 2]
const STATE_ERROR = 4003
/** Of a transaction, as a runtime says it: the first is its own code 10. */
const INVALID = { stranger: '0x0100070a', badProof: '0x010004' } as const
/** What the API takes from it. */
const METHODS = [
  ...['chain_getBlockHash', 'chain_getHeader', 'chain_getFinalizedHead'],
  ...['state_getRuntimeVersion', 'state_call', 'state_queryStorageAt', 'state_getStorage'],
  ...['system_chain', 'system_properties', 'system_accountNextIndex', 'author_submitExtrinsic'],
]

/** A node of a made runtime. Its blocks are empty, and all have one state. */
export class MadeNode {
  head = 100
  finalityLag = 0
  /** Of older blocks it keeps no states. */
  keptFrom = 0
  specVersion = 425
  nonce = 3
  /** What the pool was given, hex with 0x. */
  readonly submitted: string[] = []
  /** By method. */
  readonly asked = new Map<string, number>()
  /** A JSON-RPC error in place of every answer; null: none. */
  refusal: { code: number; message: string; data?: unknown } | null = null
  readonly #runtime: MadeRuntime
  readonly #server: WebSocketServer
  readonly #headers: HeaderJson[] = []
  readonly #numbers = new Map<string, number>()
  readonly #heads = new Map<string, { client: WebSocket; name: string; of: () => number }>()

  private constructor(runtime: MadeRuntime, server: WebSocketServer) {
    this.#runtime = runtime
    this.#server = server
    server.on('connection', (client) => {
      client.on('error', () => undefined)
      client.on('message', (data) => this.#receive(client, String(data)))
    })
  }

  static async start(runtime: MadeRuntime): Promise<MadeNode> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
    await once(server, 'listening')
    return new MadeNode(runtime, server)
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Makes blocks and tells of the last one. */
  advance(blocks: number): void {
    this.head += blocks
    for (const [subscription, { client, name, of }] of this.#heads) {
      const params = { subscription, result: this.#header(of()) }
      if (client.readyState !== WebSocket.OPEN) continue
      client.send(JSON.stringify({ jsonrpc: '2.0', method: name, params }))
    }
  }

  hashOf(number: number): string {
    return `0x${headerHash(this.#header(number))}`
  }

  async close(): Promise<void> {
    for (const client of this.#server.clients) client.terminate()
    this.#server.close()
    await once(this.#server, 'close')
  }

  get #final(): number {
    return Math.max(0, this.head - this.finalityLag)
  }

  #header(number: number): HeaderJson {
    while (this.#headers.length <= number) {
      const before = this.#headers.at(-1)
      const header = {
        parentHash: before === undefined ? ZERO : `0x${headerHash(before)}`,
        number: `0x${this.#headers.length.toString(16)}`,
        stateRoot: ZERO,
        extrinsicsRoot: ZERO,
        digest: { logs: [] },
      }
      this.#numbers.set(`0x${headerHash(header)}`, this.#headers.length)
      this.#headers.push(header)
    }
    return this.#headers[number]!
  }

  #receive(client: WebSocket, text: string): void {
    const { id, method, params } = JSON.parse(text) as {
      id: number
      method: string
      params: unknown[]
    }
    this.asked.set(method, (this.asked.get(method) ?? 0) + 1)
    const answer =
      this.refusal === null ? this.#answer(client, method, params) : { error: this.refusal }
    client.send(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
  }

  #answer(client: WebSocket, method: string, params: unknown[]): object {
    // The node has made all headers up to its head.
    this.#header(this.head)
    const result = (value: unknown) => ({ result: value })
    const atHash = (at: number) =>
      params[at] == null ? this.head : (this.#numbers.get(String(params[at])) ?? null)
    const watch = (name: string, of: () => number) => {
      const subscription = `${name} ${this.#heads.size}`
      this.#heads.set(subscription, { client, name, of })
      return result(subscription)
    }
    switch (method) {
      case 'chain_getBlockHash': {
        const number = params[0] === undefined ? this.head : Number(params[0])
        return result(number <= this.head ? this.hashOf(number) : null)
      }
      case 'chain_getHeader': {
        const number = atHash(0)
        return result(number === null ? null : this.#header(number))
      }
      case 'chain_getFinalizedHead':
        return result(this.hashOf(this.#final))
      case 'chain_subscribeNewHeads':
        return watch('chain_newHead', () => this.head)
      case 'chain_subscribeFinalizedHeads':
        return watch('chain_finalizedHead', () => this.#final)
      case 'state_getRuntimeVersion':
        return this.#ofState(atHash(0), this.#version())
      case 'system_chain':
        return result('made')
      case 'system_properties':
        return result({ ss58Format: 42 })
      case 'rpc_methods':
        return result({ methods: METHODS })
      case 'system_accountNextIndex':
        return result(this.nonce)
      case 'state_call':
        return result(this.#call(String(params[0]), String(params[1])))
      case 'state_queryStorageAt': {
        const { stored } = this.#runtime
        const changes = (params[0] as string[]).map((key) => [key, stored.get(key) ?? null])
        return this.#ofState(atHash(1), [{ block: params[1], changes }])
      }
      case 'state_getStorage':
      case 'state_getStorageAt':
        return this.#ofState(atHash(1), this.#runtime.stored.get(String(params[0])) ?? null)
      case 'author_submitExtrinsic':
        this.submitted.push(String(params[0]))
        return result(ZERO)
      default:
        return { error: { code: -32601, message: `Method not found: ${method}` } }
    }
  }

  #ofState(number: number | null, value: unknown): object {
    if (number !== null && number >= this.keptFrom) return { result: value }
    const why =
      number === null
        ? 'Header was not found'
        : `State already discarded for ${this.hashOf(number)}`
    return { error: { code: STATE_ERROR, message: `Client error: UnknownBlock: ${why}` } }
  }

  #version() {
    return {
      ...{ specName: 'made-subtensor', implName: 'made', authoringVersion: 1, implVersion: 1 },
      ...{ specVersion: this.specVersion, transactionVersion: 1, apis: [METADATA_API] },
    }
  }

  #call(name: string, given: string): string {
    if (name === 'TaggedTransactionQueue_validate_transaction') return this.#validity(given)
    if (name === 'Metadata_metadata_versions') return '0x040f000000'
    const { metadata } = this.#runtime
    return `0x${toHex(concat(Uint8Array.of(1), compact(metadata.length), metadata))}`
  }
  /** What can be read is refused, for its signer is a stranger; what can't, as badly signed. */
  #validity(given: string): string {
    // Between its source, of one byte, and the hash of a block.
    const bytes = given.slice(4, -64)
    try {
      const read = this.#runtime.registry.createType('Extrinsic', `0x${bytes}`)
      return read.toHex().slice(2) === bytes ? INVALID.stranger : INVALID.badProof
    } catch {
      return INVALID.badProof
    }
  }
}
