import { createServer } from 'node:http'
import { WebSocket, WebSocketServer } from 'ws'
import { z } from 'zod'
import { closeServer, type ListenAddress, listen } from '../../../base/net/http-listener.js'
import type { DevChain } from '../chain.js'
import { RpcError } from './error.js'
import type { Methods } from './method.js'
import { callMethod, rpcMethods } from './rpc.js'
import { Subscriptions } from './subscriptions.js'

const MAX_REQUEST_BYTES = 15 * 2 ** 20
const UPGRADE_REQUIRED = 426
const PARSE_ERROR = -32700
const INVALID_REQUEST = -32600
const INTERNAL_ERROR = -32603

const requestSchema = z.object({
  id: z.union([z.number(), z.string(), z.null()]),
  method: z.string(),
  params: z.array(z.unknown()).default([]),
})

export interface RpcServer {
  readonly url: string
  close(): Promise<void>
}

/**
 * Serves a chain's JSON-RPC by WebSocket.
 * @param address port 0 for any
 * @throws FractalError `port_taken`, `port_refused`, `listen_failed`
 */
export async function serveRpc(chain: DevChain, address: ListenAddress): Promise<RpcServer> {
  const methods = rpcMethods(chain)
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_REQUEST_BYTES })
  const server = createServer((_req, res) => res.writeHead(UPGRADE_REQUIRED).end())
  server.on('upgrade', (req, socket, head) => {
    sockets.handleUpgrade(req, socket, head, (accepted) => serveConnection(accepted, methods))
  })
  const { url } = await listen(server, address, {
    what: 'the chain',
    remedy: 'give it another port',
  })
  return {
    url: url.replace('http:', 'ws:'),
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      await closeServer(server, { graceMs: 0 })
    },
  }
}

function serveConnection(socket: WebSocket, methods: Methods): void {
  const send = (message: object) => {
    if (socket.readyState !== WebSocket.OPEN) return
    socket.send(JSON.stringify({ jsonrpc: '2.0', ...message }))
  }
  const subscriptions = new Subscriptions(send)
  socket.on('close', () => subscriptions.closeAll())
  // A client that went away; `close` follows.
  socket.on('error', () => undefined)
  socket.on('message', async (data) => {
    const request = readJson(data.toString())
    if (request === undefined) {
      send({ id: null, error: { code: PARSE_ERROR, message: 'Parse error' } })
      return
    }
    if (!Array.isArray(request)) {
      send(await answer(request, methods, subscriptions))
      return
    }
    const answers = await Promise.all(request.map((each) => answer(each, methods, subscriptions)))
    if (socket.readyState !== WebSocket.OPEN) return
    socket.send(JSON.stringify(answers.map((each) => ({ jsonrpc: '2.0', ...each }))))
  })
}

async function answer(
  request: unknown,
  methods: Methods,
  subscriptions: Subscriptions,
): Promise<object> {
  const parsed = requestSchema.safeParse(request)
  if (!parsed.success) {
    return { id: null, error: { code: INVALID_REQUEST, message: 'Invalid request' } }
  }
  const { id, method, params } = parsed.data
  try {
    return { id, result: await callMethod(methods, method, params, subscriptions) }
  } catch (error) {
    return { id, error: errorJson(error) }
  }
}

function errorJson(error: unknown): object {
  if (!(error instanceof RpcError)) {
    const why = error instanceof Error ? error.message : String(error)
    return { code: INTERNAL_ERROR, message: 'Internal error', data: why }
  }
  const { code, message, data } = error
  return data === undefined ? { code, message } : { code, message, data }
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
