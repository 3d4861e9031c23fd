import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { messageOf } from '../base/errors.js'
import type { VettedAddress } from './axon-address.js'
import { WireError, type WireErrorCode } from './error.js'
import { MAX_HTTP_HEADER_BYTES } from './limits.js'

/**
 * Maximum bytes on the connection beside four fifths of body: chunks of one byte would take five more for each, and its
 * reader's time. Room for what has been received and not yet been read.
 */
const MAX_FRAMING_BYTES = 262_144
const FRAMED_PER_BODY = 1.25

/** Maximum bytes before the answer's body: its headers, and a few interim responses. */
const MAX_INTERIM_BYTES = 4 * MAX_HTTP_HEADER_BYTES

interface ExchangeOptions {
  address: VettedAddress
  method: 'GET' | 'POST'
  /** Path and query, sent unchanged. */
  target: string
  headers: Record<string, string>
  body?: Uint8Array
  /**
   * TLS on the connection to the address, with the certificate checked for `servername` (none: for the
   * address).
   */
  tls?: Pick<ConnectionOptions, 'servername' | 'ca'>
  /** Until the connection is established, including TLS. */
  connectMs: number
  /** For the whole exchange, from now. */
  deadlineMs: number
  signal?: AbortSignal
}

/**
 * One HTTP exchange with a stranger. The socket connects to the vetted address itself: no agent (no pooling,
 * no proxy variables), no name lookup, no redirects. Timers and the caller's signal end it with a typed
 * reason; every later read reports whatever ended it first.
 */
export class Exchange {
  private readonly request: ClientRequest
  private readonly timers = new Map<string, NodeJS.Timeout>()
  private readonly answered: Promise<IncomingMessage>
  private answer: IncomingMessage | null = null
  private refuse: (error: WireError) => void = () => {}
  private failure: WireError | null = null
  private readonly startedMs = performance.now()

  constructor(private readonly options: ExchangeOptions) {
    const { address, body } = options
    this.request = request({
      host: address.ip,
      port: address.port,
      method: options.method,
      path: options.target,
      headers: {
        ...options.headers,
        ...(body === undefined ? {} : { 'Content-Length': String(body.length) }),
        Connection: 'close',
      },
      createConnection: () => open(options),
      maxHeaderSize: MAX_HTTP_HEADER_BYTES,
    })
    this.answered = new Promise((resolve, reject) => {
      this.refuse = reject
      this.request.once('response', (answer) => {
        this.answer = answer
        resolve(answer)
      })
    })
    this.answered.catch(() => {})
    this.watch()
    this.arm('connect', options.connectMs, 'unreachable', 'no connection in time')
    this.extend(0)
    options.signal?.addEventListener('abort', this.onAbort)
    if (options.signal?.aborted) this.onAbort()
    this.request.end(body)
  }

  /** Anything that ends the request without an answer must also end the wait for it. */
  private watch(): void {
    const { request } = this
    // Stays registered: an error after the response (a broken chunk) would otherwise be uncaught.
    request.on('error', (error) => this.fail(explain(error, this.timers.has('connect'))))
    request.once('upgrade', (_answer, socket) => {
      // Node has detached the socket, so nobody else would close it.
      socket.destroy()
      this.fail(new WireError('http_malformed', 'status 101, which this protocol does not have'))
    })
    request.once('close', () => {
      if (this.answer === null) this.fail(explain('no answer came', this.timers.has('connect')))
    })
    request.once('socket', (socket) => {
      const stands = this.options.tls === undefined ? 'connect' : 'secureConnect'
      socket.once(stands, () => this.disarm('connect'))
      // Node skips interim responses (1xx), however many there are.
      const count = () => {
        if (this.answer !== null) socket.off('data', count)
        else if (socket.bytesRead > MAX_INTERIM_BYTES) {
          this.fail(new WireError('stream_oversized', 'too many interim answers'))
        }
      }
      socket.on('data', count)
    })
  }

  /**
   * Fails the exchange with `code` unless this name is disarmed or armed again in time. Data that arrived
   * while this process was busy is read first: our own slowness is not a prover's fault.
   */
  arm(name: string, ms: number, code: WireErrorCode, message: string): void {
    this.disarm(name)
    const expire = () => {
      if (this.timers.get(name) === timer) this.fail(new WireError(code, message))
    }
    const timer = setTimeout(() => setImmediate(expire), Math.min(ms, 2 ** 31 - 1))
    this.timers.set(name, timer)
  }

  disarm(name: string): void {
    clearTimeout(this.timers.get(name))
    this.timers.delete(name)
  }

  /** Extends the deadline of the whole exchange by this many milliseconds. */
  extend(ms: number): void {
    const leftMs = this.startedMs + this.options.deadlineMs + ms - performance.now()
    this.arm('whole', Math.max(0, leftMs), 'late', 'the deadline passed')
  }

  /** @throws WireError */
  async response(): Promise<IncomingMessage> {
    return this.answered
  }

  /** The answer's bytes as they arrive. @throws WireError */
  async *body(): AsyncGenerator<Uint8Array, void, void> {
    const message = await this.answered
    const { socket } = message
    let length = 0
    try {
      for await (const piece of message as AsyncIterable<Uint8Array>) {
        length += piece.length
        if (socket.bytesRead > FRAMED_PER_BODY * length + MAX_FRAMING_BYTES) {
          throw new WireError('http_malformed', 'the body comes in too many pieces')
        }
        yield piece
      }
    } catch (error) {
      throw this.failure ?? explain(error, false)
    }
    if (this.failure !== null) throw this.failure
  }

  /** A small body, whole. @throws WireError `stream_oversized` beyond `maxBytes` */
  async bytes(maxBytes: number): Promise<Buffer> {
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of this.body()) {
      length += chunk.length
      if (length > maxBytes) {
        throw new WireError('stream_oversized', `the answer has more than ${maxBytes} bytes`)
      }
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  }

  /** Ends everything; the prover sees a disconnect if it was still working. */
  close(): void {
    for (const name of [...this.timers.keys()]) this.disarm(name)
    this.options.signal?.removeEventListener('abort', this.onAbort)
    this.request.destroy()
  }

  private readonly onAbort = () => this.fail(new WireError('cancelled', 'cancelled by the caller'))

  /** Ends both waits itself: a request that Node considers destroyed does not pass on errors. */
  private fail(error: WireError): void {
    this.failure ??= error
    this.refuse(this.failure)
    this.answer?.destroy(this.failure)
    this.request.destroy(this.failure)
  }
}

/** OpenSSL and X.509 codes: an invalid certificate, or a server that does not speak TLS. */
const TLS_CODES =
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|INVALID_|EPROTO$)/

/** Connects to the vetted address itself. */
function open({ address, tls }: ExchangeOptions): Socket {
  const to = { host: address.ip, port: address.port, noDelay: true }
  // Explicit, so that NODE_TLS_REJECT_UNAUTHORIZED in the environment can't disable it.
  return tls === undefined ? connect(to) : connectTls({ ...to, ...tls, rejectUnauthorized: true })
}

/** Maps Node's errors to what they mean to the caller; HPE_ codes are from its HTTP parser. */
function explain(error: unknown, connecting: boolean): WireError {
  if (error instanceof WireError) return error
  const code = String((error as NodeJS.ErrnoException).code ?? '')
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new WireError('stream_oversized', 'the HTTP headers are too long', { cause: error })
  }
  if (code.startsWith('HPE_')) {
    return new WireError('http_malformed', `not HTTP: ${code}`, { cause: error })
  }
  if (TLS_CODES.test(code)) {
    return new WireError('tls_failed', `no TLS that can be trusted: ${code}`, { cause: error })
  }
  const kind = connecting ? 'unreachable' : 'no_answer'
  const what = connecting ? 'no connection' : 'the connection broke off'
  return new WireError(kind, `${what}: ${code || messageOf(error)}`, {
    retryable: true,
    cause: error,
  })
}
