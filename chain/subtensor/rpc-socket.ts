import WebSocket from 'ws'
import { z } from 'zod'
import { messageOf } from '../../base/errors.js'
import { ChainError } from '../errors.js'
import { isRefusedStatus, RefusalError, retryAfterMs } from './refusal.js'
import { RpcError } from './rpc-error.js'

/** Twice the largest answer seen (the metadata, as hex). */
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
  timer: NodeJS.Timeout
}

/**
 * One WebSocket to one node, with JSON-RPC 2.0. The first fault ends it, including an unanswered request: all
 * pending requests fail with it, and so does every later one.
 */
export class RpcSocket {
  readonly url: string
  /** Without path, query and credentials: providers put keys there. */
  readonly endpoint: string
  readonly #socket: WebSocket
  readonly #deadlineMs: number
  readonly #pending = new Map<number, Pending>()
  readonly #listeners = new Map<string | number, (result: unknown) => void>()
  readonly #onEnd = new Set<(fault: ChainError) => void>()
  #nextId = 1
  #fault: ChainError | null = null

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
      socket.once('unexpected-response', (_request, response) => {
        const status = response.statusCode ?? 0
        const said = `the chain at ${endpoint} refuses a connection: HTTP ${status}`
        reject(
          isRefusedStatus(status)
            ? new RefusalError(said, retryAfterMs(response.headers['retry-after']))
            : new ChainError('chain_unreachable', said, { retryable: true }),
        )
        socket.on('error', () => undefined)
        socket.terminate()
      })
      socket.once('error', (cause) => {
        const timedOut = /timed out/i.test(cause.message)
        const message = timedOut
          ? `the chain at ${endpoint} did not open a connection in ${deadlineMs} ms`
          : `the chain at ${endpoint} cannot be reached: ${messageOf(cause)}`
        const code = timedOut ? 'chain_timeout' : 'chain_unreachable'
        reject(new ChainError(code, message, { retryable: true, cause }))
      })
    })
    return new RpcSocket(url, socket, deadlineMs)
  }

  private constructor(url: string, socket: WebSocket, deadlineMs: number) {
    this.#deadlineMs = deadlineMs
    this.url = url
    this.endpoint = shownEndpoint(url)
    this.#socket = socket
    socket.on('message', (data) => this.#receive(String(data)))
    socket.on('error', (cause) => this.#lose(messageOf(cause)))
    socket.on('close', (code) => this.#lose(`it closed the connection (${code})`))
  }

  /** What ended it; null while it is open. */
  get fault(): ChainError | null {
    return this.#fault
  }

  /**
   * Calls the listener once when the connection ends, whoever ended it.
   * @returns a function that removes the listener
   */
  onEnd(listener: (fault: ChainError) => void): () => void {
    if (this.#fault === null) this.#onEnd.add(listener)
    else listener(this.#fault)
    return () => this.#onEnd.delete(listener)
  }

  /** @throws RpcError if the node refuses; ChainError `chain_unreachable`, `chain_timeout` */
  request(method: string, params: unknown[]): Promise<unknown> {
    if (this.#fault !== null) return Promise.reject(this.#fault)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const message = `the chain at ${this.endpoint} did not answer ${method} in ${this.#deadlineMs} ms`
        this.fail(new ChainError('chain_timeout', message, { retryable: true }))
      }, this.#deadlineMs)
      this.#pending.set(id, { resolve, reject, timer })
      // A failure to send also ends the connection, which rejects all pending requests.
      this.#socket.send(JSON.stringify({ jsonrpc: '2.0', id, method, params }), () => {})
    })
  }

  /** Calls the listener with each notification of a subscription. */
  listen(subscription: string | number, listener: (result: unknown) => void): void {
    this.#listeners.set(subscription, listener)
  }

  close(): void {
    this.#lose('this process closed it')
  }

  /** Ends the connection. */
  fail(fault: ChainError): void {
    if (this.#fault !== null) return
    this.#fault = fault
    this.#socket.terminate()
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(fault)
    for (const listener of [...this.#onEnd]) listener(fault)
  }

  #receive(text: string): void {
    let message: unknown
    try {
      message = JSON.parse(text)
    } catch {
      this.#lose('it sent invalid JSON')
      return
    }
    const answered = answer.safeParse(message)
    if (answered.success) {
      const { id, result, error } = answered.data
      const pending = this.#take(id)
      if (error === undefined) pending?.resolve(result)
      else pending?.reject(new RpcError(error.code ?? 0, error.message ?? 'an error', error.data))
      return
    }
    const told = notification.safeParse(message)
    if (told.success) this.#listeners.get(told.data.params.subscription)?.(told.data.params.result)
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    clearTimeout(pending?.timer)
    this.#pending.delete(id)
    return pending
  }

  #lose(why: string): void {
    const message = `the connection to the chain at ${this.endpoint} was lost: ${why}`
    this.fail(new ChainError('chain_unreachable', message, { retryable: true }))
  }
}

/** `wss://user:key@host:443/path?key=…` → `wss://host`. */
export function shownEndpoint(url: string): string {
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}
