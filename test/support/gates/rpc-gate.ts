import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import type { Gate } from './gate.js'

interface Request {
  readonly id?: number | string
  readonly method?: string
}

const SUBMIT = 'author_submitExtrinsic'

/** A way to a node's JSON-RPC. */
export async function startRpcGate(target: string): Promise<Gate> {
  let hold: { where: 'before' | 'after'; held: () => void } | null = null
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  server.on('connection', (client) => {
    const node = new WebSocket(target)
    const open = once(node, 'open')
    open.catch(() => client.terminate())
    let withheld: Request['id']
    let told = () => {}
    client.on('message', async (data) => {
      const text = String(data)
      const request = JSON.parse(text) as Request
      if (hold !== null && request.method === SUBMIT) {
        const { where, held } = hold
        hold = null
        if (where === 'before') {
          held()
          return
        }
        withheld = request.id
        told = held
      }
      await open.catch(() => undefined)
      if (node.readyState === WebSocket.OPEN) node.send(text)
    })
    node.on('message', (data) => {
      const text = String(data)
      if (withheld !== undefined && (JSON.parse(text) as Request).id === withheld) {
        withheld = undefined
        told()
      } else if (client.readyState === WebSocket.OPEN) client.send(text)
    })
    for (const [from, to] of [
      [client, node],
      [node, client],
    ] as const) {
      from.on('error', () => undefined)
      from.on('close', () => to.terminate())
    }
  })
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    holdNext: (where) =>
      new Promise((held) => {
        hold = { where, held }
      }),
    async close() {
      for (const client of server.clients) client.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}
