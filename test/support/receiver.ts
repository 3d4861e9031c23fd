import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import certificates from '../fixtures/tls/hook.test.json' with { type: 'json' }

/** The authority behind every `https` receiver, for who is to trust it. */
export const RECEIVER_CA = certificates.ca

export interface Received {
  readonly method: string
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** How a receiver answers the request that came as `index`-th, from 0. */
export type Answering = (res: ServerResponse, index: number, received: Received) => void

/** Somebody's server that webhooks arrive at. */
export interface Receiver {
  readonly port: number
  readonly received: Received[]
  /** Connections that are open now. */
  open(): number
  /** Resolves once so many requests are in. */
  until(count: number): Promise<void>
  close(): Promise<void>
}

/** @param secure with the certificate of `hook.test` and 127.0.0.1 */
export async function startReceiver(
  answering: Answering = (res) => void res.end('thanks'),
  { secure = false }: { secure?: boolean } = {},
): Promise<Receiver> {
  const received: Received[] = []
  const sockets = new Set<Socket>()
  let waiting: { count: number; go: () => void }[] = []
  const options = { cert: certificates.certificate, key: certificates.key }
  const server = secure ? createTlsServer(options) : createServer()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  server.on('request', async (req, res) => {
    let body = ''
    req.setEncoding('utf8')
    req.on('error', () => {})
    for await (const part of req) body += part
    const { method = '', url: target = '', headers } = req
    const one = { method, target, headers, body }
    received.push(one)
    answering(res, received.length - 1, one)
    waiting = waiting.filter(({ count, go }) => received.length < count || go())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    received,
    open: () => sockets.size,
    until: (count) =>
      new Promise((go) => {
        if (received.length >= count) go()
        else waiting.push({ count, go })
      }),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
