import { createServer, type RequestListener } from 'node:http'
import { closeServer, type ListenAddress, listen } from '../base/net/http-listener.js'

export interface ApiServer {
  /** `http://HOST:PORT`, with the port that was taken when 0 was asked for. */
  readonly url: string
  /** Takes no new connections, lets running answers end, cuts what is left after the draining. */
  close(): Promise<void>
}

export interface ApiServerOptions extends ListenAddress {
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

/** @throws FractalError `port_taken`, `port_refused`, `listen_failed` */
export async function serveApi(
  app: RequestListener,
  options: ApiServerOptions,
): Promise<ApiServer> {
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
  const { url } = await listen(server, options, {
    what: 'the API',
    remedy: 'choose another with --api.port (or --api.host)',
  })
  const { drainMs = DRAIN_MS, onCut } = options
  return { url, close: () => closeServer(server, { graceMs: drainMs, onCut }) }
}
