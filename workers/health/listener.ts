import { createServer, type ServerResponse } from 'node:http'
import type { Metrics } from '../../base/metrics.js'
import { closeServer, type ListenAddress, listen } from '../../base/net/http-listener.js'
import { isLoopback, namesLoopback } from '../../base/net/loopback.js'
import type { Health } from './health.js'

/** Clients are supervisors nearby: slow ones are not waited for. */
const REQUEST_TIMEOUT_MS = 5_000

export interface HealthListener {
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves `/healthz` (this process runs), `/readyz` (it can do its work; else 503 with the reasons) and
 * `/metrics`. No key, prompt or address is told here, and nothing can be
 * changed by it; a verifier's metrics are for its operator all the same.
 * @param more what else is served, as JSON, by its path
 * @throws FractalError `port_taken`, `port_refused`, `listen_failed`
 */
export async function startHealthListener(
  health: Health,
  metrics: Metrics,
  address: ListenAddress,
  more: Readonly<Record<string, () => unknown>> = {},
): Promise<HealthListener> {
  const onlyLoopback = isLoopback(address.host)
  const server = createServer(
    { headersTimeout: REQUEST_TIMEOUT_MS, requestTimeout: REQUEST_TIMEOUT_MS },
    (req, res) => {
      const path = (req.url ?? '').split('?')[0]!
      // A page that lets its name resolve to this machine has no business here (base/net/loopback.ts).
      if (onlyLoopback && !namesLoopback(req.headers.host))
        json(res, 421, { status: 'misdirected' })
      else if (req.method !== 'GET' && req.method !== 'HEAD') json(res, 405, { status: 'only GET' })
      else if (path === '/healthz') json(res, 200, { status: 'ok' })
      else if (path === '/readyz') void ready(health, res)
      else if (path === '/metrics') void exposed(metrics, res)
      else if (Object.hasOwn(more, path)) json(res, 200, more[path]!())
      else json(res, 404, { status: 'not_found' })
    },
  )
  const { url } = await listen(server, address, {
    what: 'the health listener',
    remedy: 'choose another with --health.port (0: none) or --health.host',
  })
  return { url, close: () => closeServer(server, { graceMs: 0 }) }
}

async function ready(health: Health, res: ServerResponse): Promise<void> {
  const readiness = await health.readiness()
  json(res, readiness.status === 'ready' ? 200 : 503, readiness)
}

async function exposed({ registry }: Metrics, res: ServerResponse): Promise<void> {
  try {
    const text = await registry.metrics()
    res.writeHead(200, { 'Content-Type': registry.contentType }).end(text)
  } catch {
    // A gauge that could not be read; the next scrape may.
    json(res, 500, { status: 'failed' })
  }
}

function json(res: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`
  res
    .writeHead(status, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(text),
      'Cache-Control': 'no-store',
    })
    .end(text)
}
