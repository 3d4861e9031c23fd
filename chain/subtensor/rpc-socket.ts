import WebSocket from 'ws'
import { z } from 'zod'
import { messageOf } from '../../base/errors.js'
import { ChainError } from '../errors.js'
import { RpcError } from './rpc-error.js'

/** Twice what the largest answer seen has (the metadata, as hex). */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

const answer = z.object({
  id: z.int(),
  result: z.unknown().optional(),
  error: z
    .object({ code: z.number(), message: z.string(), data: z.unknown() })
    .partial()
    .optional(),
})
const notification = z.object({
  params: z.object({ subscription: z.union([z.string(), z.number()]), result: z.unknown() }),
})

interface Pending {
  resolve(result: unknown): void
  reject(error: Error): void
}

/**
 * One WebSocket to one node, JSON-RPC 2.0 over it. It is not mended: when it closes, all that waits
 * for an answer fails with `chain_unreachable`, and so does every later request.
 */
export class RpcSocket {
  readonly url: string
  /** Without path, query and credentials: providers put keys there. */
  readonly endpoint: string
  readonly #socket: WebSocket
  readonly #pending = new Map<number, Pending>()
  readonly #listeners = new Map<string | number, (result: unknown) => void>()
  readonly #closing: (() => void)[] = []
  #nextId = 1
  #lost: ChainError | null = null

  /** @throws ChainError `chain_unreachable`, `chain_timeout` */
  static async open(url: string, deadlineMs: number): Promise<RpcSocket> {
    const endpoint = shownEndpoint(url)
    const socket = new WebSocket(url, {
      handshakeTimeout: deadlineMs,
      maxPayload: MAX_ANSWER_BYTES,
      followRedirects: false,
    })
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve())
      socket.once('error', (cause) => {
        const timedOut = /timed out/i.test(cause.message)
        const message = timedOut
          ? `the chain at ${endpoint} did not open a connection in ${deadlineMs} ms`
          : `the chain at ${endpoint} cannot be reached: ${messageOf(cause)}`
        const code = timedOut ? 'chain_timeout' : 'chain_unreachable'
        reject(new ChainError(code, message, { retryable: true, cause }))
      })
    })
    return new RpcSocket(url, socket)
  }

  private constructor(url: string, socket: WebSocket) {
    this.url = url
    this.endpoint = shownEndpoint(url)
    this.#socket = socket
    socket.on('message', (data) => this.#receive(String(data)))
    socket.on('error', (cause) => this.#lose(messageOf(cause)))
    socket.on('close', (code) => this.#lose(`it closed the connection (${code})`))
  }

  get isOpen(): boolean {
    return this.#lost === null
  }

  /** Runs once, when the connection has ended, by whomever. */
  onClose(listener: () => void): void {
    if (this.#lost === null) this.#closing.push(listener)
    else listener()
  }

  /** @throws RpcError for what the node refuses; ChainError `chain_unreachable`, `chain_timeout` */
  request(method: string, params: unknown[], deadlineMs: number): Promise<unknown> {
    if (this.#lost !== null) return Promise.reject(this.#lost)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id)
        const message = `the chain at ${this.endpoint} did not answer ${method} in ${deadlineMs} ms`
        reject(new ChainError('chain_timeout', message, { retryable: true }))
      }, deadlineMs)
      const settled = () => {
        clearTimeout(timer)
        this.#pending.delete(id)
      }
      this.#pending.set(id, {
        resolve: (result) => {
          settled()
          resolve(result)
        },
        reject: (error) => {
          settled()
          reject(error)
        },
      })
      // A failure to send ends the connection too, and that rejects what is pending.
      this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }), () => {})
    })
  }

  /** @throws as `request` */
  async subscribe(
    method: string,
    deadlineMs: number,
    listener: (result: unknown) => void,
  ): Promise<void> {
    const id = await this.request(method, [], deadlineMs)
    if (typeof id === 'string' || typeof id === 'number') this.#listeners.set(id, listener)
  }

  close(): void {
    this.#lose('this process closed it')
    this.#socket.terminate()
  }

  #receive(text: string): void {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      this.#lose('it sent what is no JSON')
      this.#socket.terminate()
      return
    }
    const answered = answer.safeParse(message)
    if (answered.success) {
      const { id, result, error } = answered.data
      const pending = this.#pending.get(id)
      if (error === undefined) pending?.resolve(result)
      else pending?.reject(new RpcError(error.code ?? 0, error.message ?? 'an error', error.data))
      return
    }
    const told = notification.safeParse(message)
    if (told.success) this.#listeners.get(told.data.params.subscription)?.(told.data.params.result)
  }

  #lose(why: string): void {
    if (this.#lost !== null) return
    const message = `the connection to the chain at ${this.endpoint} was lost: ${why}`
    this.#lost = new ChainError('chain_unreachable', message, { retryable: true })
    for (const { reject } of [...this.#pending.values()]) reject(this.#lost)
    for (const listener of this.#closing.splice(0)) listener()
  }
}

/** `wss://user:key@host:443/path?key=…` → `wss://host`. */
export function shownEndpoint(url: string): string {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}
