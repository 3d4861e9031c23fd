import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RemoteEngine } from '../thread/remote-engine.js'
import { answerOver } from './answer-over.js'
import { PROTOCOL } from './messages.js'

/** Maximum clients per engine; each waits its turn behind the others. */
const MAX_SESSIONS = 16

export interface EngineServer {
  readonly server: Server
  /** Closes all connections: otherwise `close` would wait for them. */
  endSessions(): void
}

/**
 * The HTTP server of engines of one class: `GET /v1/info` for information, and `GET /v1/engine` with
 * `Upgrade: fractal-engine/2`, after which the connection carries records. It does not authenticate callers:
 * keep strangers away from it.
 * @param engines one per GPU, all of one class and model
 */
export function createEngineServer(
  engines: readonly RemoteEngine[],
  version: string,
): EngineServer {
  const sessions = new Map(engines.map((engine) => [engine, 0]))
  const sockets = new Set<Duplex>()
  const server = createServer((req, res) => {
    const isInfo = req.method === 'GET' && req.url === '/v1/info'
    const isHealth = req.method === 'GET' && req.url === '/healthz'
    const body = isInfo ? info() : isHealth ? { status: 'ok' } : { error: { code: 'not_found' } }
    res.writeHead(isInfo || isHealth ? 200 : 404, { 'Content-Type': 'application/json' })
    res.end(JSON.stringify(body))
  })
  server.on('upgrade', (req, socket: Duplex) => {
    socket.on('error', () => {})
    const refusal = whyRefused(req)
    const [engine, count] = [...sessions].reduce((a, b) => (b[1] < a[1] ? b : a))
    if (refusal !== null) return refuse(socket, '426 Upgrade Required', refusal)
    if (count >= MAX_SESSIONS)
      return refuse(socket, '503 Service Unavailable', 'it has too many clients')
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${PROTOCOL}\r\n\r\n`,
    )
    sessions.set(engine, count + 1)
    sockets.add(socket)
    socket.once('close', () => {
      sockets.delete(socket)
      sessions.set(engine, sessions.get(engine)! - 1)
    })
    answerOver(socket, engine)
  })
  const info = () => {
    const { modelRoot, determinismClass, software, descriptor, device } = engines[0]!
    return {
      versions: { fractal: version, protocol: PROTOCOL },
      model: descriptor?.name ?? null,
      model_root: modelRoot,
      determinism_class: determinismClass,
      software,
      device,
      capacity: engines.length,
      sessions: [...sessions.values()].reduce((sum, count) => sum + count, 0),
    }
  }
  return {
    server,
    endSessions: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

function whyRefused({ url, headers }: IncomingMessage): string | null {
  if (url !== '/v1/engine') return `there is nothing at ${url}`
  return headers.upgrade === PROTOCOL ? null : `it speaks ${PROTOCOL}, not ${headers.upgrade}`
}

function refuse(socket: Duplex, status: string, message: string): void {
  const body = JSON.stringify({ error: { code: 'refused', message } })
  socket.end(
    `HTTP/1.1 ${status}\r\nConnection: close\r\nUpgrade: ${PROTOCOL}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
