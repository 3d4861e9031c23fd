import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Log } from '../base/log.js'
import type { Metrics } from '../base/metrics.js'
import { isRequestId } from '../formats/request-id.js'
import { MAX_HTTP_HEADER_BYTES } from '../wire/limits.js'
import type { ProverInfo } from '../wire/schemas.js'
import { type AuthorizeDeps, authorizeRequest } from './authorize.js'
import type { ConnectionGuard } from './connections/connections.js'
import { type GenerateDeps, generateRoute } from './generate-route.js'
import { refuse, sendJson } from './http.js'
import { type OpenDeps, openRoute } from './open-route.js'
import { takenRoute } from './taken-route.js'

export interface ServerTimeouts {
  /** Maximum time for the headers of a request. */
  headersMs: number
  /** Maximum time for a whole request. */
  requestMs: number
}

interface Site {
  gate: AuthorizeDeps
  generate: GenerateDeps
  open: OpenDeps
  info(): ProverInfo
  /** What keeps this prover from serving properly: a check, and why, in words that may be public. */
  notReady(): Promise<readonly { check: string; why: string }[]>
  metrics: Metrics
  timeouts: ServerTimeouts | undefined
  connections: ConnectionGuard
  log: Log
}

/** Strangers may open connections and send nothing: their number is limited, and so is their time. */
const TIMEOUTS: ServerTimeouts = { headersMs: 5000, requestMs: 30_000 }

const GENERATION_PATH = /^\/v1\/generations\/([^/]+)\/(open|taken)$/

/**
 * The axon server of a prover. Plain node:http, because there are only seven routes and we must count every
 * byte of a body.
 */
export function createAxonServer(site: Site): Server {
  const { headersMs, requestMs } = site.timeouts ?? TIMEOUTS
  const server = createServer(
    {
      maxHeaderSize: MAX_HTTP_HEADER_BYTES,
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      connectionsCheckingInterval: Math.min(headersMs, 1000),
      keepAliveTimeout: 5000,
    },
    (req, res) => {
      // A watcher that left is noticed by 'close'; a write that fails because of it must not crash the
      // process.
      res.on('error', () => {})
      route(req, res, site).catch((error) => {
        if (req.destroyed && !req.complete) return
        site.log.error({ err: error }, 'request failed')
        if (res.headersSent) res.destroy()
        else refuse(res, 500, 'internal', 'the prover failed')
      })
    },
  )
  site.connections.watch(server)
  return server
}

async function route(req: IncomingMessage, res: ServerResponse, site: Site): Promise<void> {
  const path = (req.url ?? '').split('?')[0]!
  if (path === '/v1/generate') return signed(req, res, site, null)
  const of = GENERATION_PATH.exec(path)
  if (of !== null) return signed(req, res, site, { id: of[1]!, isTaken: of[2] === 'taken' })
  if (!['/v1/info', '/healthz', '/readyz', '/metrics'].includes(path)) {
    return refuse(res, 404, 'not_found', 'there is nothing at this path')
  }
  if (req.method !== 'GET') return refuse(res, 405, 'method', 'only GET', { Allow: 'GET' })
  if (path === '/v1/info') return sendJson(res, 200, site.info())
  if (path === '/healthz') return sendJson(res, 200, { status: 'ok' })
  if (path === '/readyz') {
    const reasons = await site.notReady()
    const status = reasons.length === 0 ? 'ready' : 'not_ready'
    return sendJson(res, status === 'ready' ? 200 : 503, { status, reasons })
  }
  if (!isLocal(req)) return refuse(res, 404, 'not_found', 'there is nothing at this path')
  const { registry } = site.metrics
  const text = await registry.metrics()
  res.writeHead(200, { 'Content-Type': registry.contentType })
  res.end(text)
}

async function signed(
  req: IncomingMessage,
  res: ServerResponse,
  site: Site,
  generation: { id: string; isTaken: boolean } | null,
): Promise<void> {
  if (req.method !== 'POST') return refuse(res, 405, 'method', 'only POST', { Allow: 'POST' })
  if (generation !== null && !isRequestId(generation.id)) {
    return refuse(res, 400, 'invalid_request', 'the request id is not a lowercase UUIDv4')
  }
  const visitor = await authorizeRequest(req, res, site.gate)
  if (visitor === null) return
  if (visitor.priority.permit) site.connections.prove(req, visitor.caller)
  if (generation === null) await generateRoute(visitor, res, site.generate)
  else if (generation.isTaken) takenRoute(visitor, generation.id, res, site.generate)
  else await openRoute(visitor, generation.id, res, site.open)
}

/** Metrics are only for this machine: not for strangers, nor for those that come through a local proxy. */
function isLocal(req: IncomingMessage): boolean {
  const from = req.socket.remoteAddress ?? ''
  const proxied = ['forwarded', 'x-forwarded-for', 'via'].some((name) => name in req.headers)
  return !proxied && /^(::1|(::ffff:)?127\.[0-9.]+)$/.test(from)
}
