import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

/** What a node does with a request. */
export type Manner = 'answers' | 'hangs' | 'drops' | 'babbles' | 'refuses to tell of heads'

interface Request {
  readonly id: number
  readonly method: string
  readonly params: unknown[]
}

/** As much of a node's JSON-RPC as a connection asks for, and it behaves as told. */
export interface UnrulyNode {
  readonly url: string
  manner: Manner
  /** 64 hex digits. */
  genesis: string
  /** Ends every connection, as a node does that restarts. */
  restart(): void
  close(): Promise<void>
}

export async function startUnrulyNode(genesis: string): Promise<UnrulyNode> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const terminateAll = () => {
    for (const client of server.clients) client.terminate()
  }
  const node: UnrulyNode = {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    manner: 'answers',
    genesis,
    restart: terminateAll,
    async close() {
      terminateAll()
      server.close()
      await once(server, 'close')
    },
  }
  server.on('connection', (client) => {
    client.on('error', () => undefined)
    client.on('message', (data) => {
      const { id, method, params } = JSON.parse(String(data)) as Request
      const told = (answer: object) =>
        client.send(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
      if (node.manner === 'hangs') return
      if (node.manner === 'drops') return client.terminate()
      if (node.manner === 'babbles') return client.send('<html>')
      if (method === 'chain_subscribeNewHeads' && node.manner === 'refuses to tell of heads') {
        return told({
          error: { code: -32601, message: 'Method not found', data: 'at\n'.repeat(9999) },
        })
      }
      told({ result: answerTo(method, params, node.genesis) })
    })
  })
  return node
}

function answerTo(method: string, params: unknown[], genesis: string): unknown {
  const hash = `0x${'ab'.repeat(32)}`
  if (method === 'chain_getHeader') return { number: '0x7', parentHash: hash }
  if (method === 'chain_subscribeNewHeads') return 'heads'
  return params[0] === 0 ? `0x${genesis}` : hash
}
