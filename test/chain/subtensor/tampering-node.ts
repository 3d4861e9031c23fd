import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'

/** What becomes of an answer on its way; `drop` ends the connection in its place. */
export type Tamper = (method: string, result: unknown) => unknown

export const DROP = Symbol('drop')

/** A node that passes on what another one says, tampered with. */
export interface TamperingNode {
  readonly url: string
  tamper: Tamper
  /** Ends every connection, as a node does that restarts. */
  restart(): void
  close(): Promise<void>
}

export async function startTamperingNode(of: string, tamper: Tamper): Promise<TamperingNode> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const restart = () => {
    for (const client of server.clients) client.terminate()
  }
  const node: TamperingNode = {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tamper,
    restart,
    async close() {
      restart()
      server.close()
      await once(server, 'close')
    },
  }
  server.on('connection', (client) => {
    const methods = new Map<number, string>()
    const real = new WebSocket(of)
    const isOpen = once(real, 'open')
    client.on('message', async (data) => {
      const { id, method } = JSON.parse(String(data)) as { id: number; method: string }
      methods.set(id, method)
      await isOpen
      real.send(String(data))
    })
    client.on('close', () => real.terminate())
    real.on('message', (data) => {
      const message = JSON.parse(String(data)) as { id?: number; result?: unknown }
      const method = methods.get(message.id ?? -1)
      if (method !== undefined && 'result' in message) {
        message.result = node.tamper(method, message.result)
        if (message.result === DROP) return client.terminate()
      }
      client.send(JSON.stringify(message))
    })
  })
  return node
}
