import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FractalError } from '../base/errors.js'

export interface ApiServer {
  /** `http://HOST:PORT`, with the port that was taken when 0 was asked for. */
  readonly url: string
  /** Takes no new connections, lets running answers end, cuts what is left after the draining. */
  close(): Promise<void>
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  /** How long a connection may take to send a request's headers; those that send nothing included. */
  readonly headersTimeoutMs?: number
  /** How long a whole request may take to arrive. */
  readonly requestTimeoutMs?: number
  /** How long nothing may come or go on a connection, an answer that its client does not take included. */
  readonly silenceMs?: number
  /** How long running answers may take to end when the server is closed. */
  readonly drainMs?: number
  /** Told when that time is up, a moment before what is left is cut. */
  readonly onCut?: () => void
}

const HEADERS_TIMEOUT_MS = 10_000
/** A body of 512 kB over a slow line. */
const REQUEST_TIMEOUT_MS = 30_000
/** Longer than what proxies keep idle connections for, so that they close first. */
const KEEP_ALIVE_MS = 65_000
/** Longer than the longest `Prefer: wait` (60 s) and the pause between two heartbeats of a stream (15 s). */
const SILENCE_MS = 75_000
const DRAIN_MS = 10_000
/** For answers that end themselves when they are told. */
const CUT_MS = 300
const SWEEP_MS = 50

/** @throws FractalError `port_taken`, `listen_failed` */
export async function listen(app: RequestListener, options: ListenOptions): Promise<ApiServer> {
  const headersTimeout = options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS
  const server = createServer(
    {
      headersTimeout,
      requestTimeout: Math.max(options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS, headersTimeout),
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Node looks for late connections only this often; its default of 30 s would let them pile up.
      connectionsCheckingInterval: Math.min(2_000, headersTimeout),
    },
    app,
  )
  // Without a listener of `timeout` Node destroys such a connection, and with it what was to be written.
  server.setTimeout(options.silenceMs ?? SILENCE_MS)
  await bind(server, options)
  const { port } = server.address() as AddressInfo
  const host = options.host.includes(':') ? `[${options.host}]` : options.host
  return { url: `http://${host}:${port}`, close: () => close(server, options) }
}

function bind(server: Server, { host, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE'
      reject(
        new FractalError(
          taken ? 'port_taken' : 'listen_failed',
          taken
            ? `The API can't listen on ${host}:${port}: another program uses this port.`
            : `The API can't listen on ${host}:${port}: ${cause.message}`,
          { hint: 'Choose another with --api.port (or --api.host).', cause },
        ),
      )
    })
    server.listen(port, host, resolve)
  })
}

async function close(server: Server, { drainMs, onCut }: ListenOptions): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  // A connection whose last answer ends now would be kept alive for the next request.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
  let cut: NodeJS.Timeout | undefined
  const late = setTimeout(() => {
    onCut?.()
    cut = setTimeout(() => server.closeAllConnections(), CUT_MS)
  }, drainMs ?? DRAIN_MS)
  await closed
  clearInterval(sweep)
  clearTimeout(late)
  clearTimeout(cut)
}
