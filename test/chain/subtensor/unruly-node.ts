import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

/** What a node does with a request. */
export type Manner =
  | 'answers'
  | 'hangs'
  | 'drops'
  | 'babbles'
  | 'refuses to tell of heads'
  | 'limits requests'

type Decide = (
  accept: boolean,
  status?: number,
  why?: string,
  headers?: Record<string, string>,
) => void

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
  /** The number of its final block, and the hash of every block but the genesis. */
  final: number
  hash: string
  /** The HTTP status by which it refuses connections; null: none. */
  refuses: { status: number; retryAfter?: string } | null
  /** How often somebody wanted a connection. */
  wanted: number
  /** Ends every connection, as a node does that restarts. */
  restart(): void
  close(): Promise<void>
}

export async function startUnrulyNode(genesis: string): Promise<UnrulyNode> {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    verifyClient: (_info: unknown, decide: Decide) => {
      node.wanted += 1
      if (node.refuses === null) return decide(true)
      const { status, retryAfter } = node.refuses
      const headers: Record<string, string> =
        retryAfter === undefined ? {} : { 'Retry-After': retryAfter }
      decide(false, status, 'not now', headers)
    },
  })
  await once(server, 'listening')
  const terminateAll = () => {
    for (const client of server.clients) client.terminate()
  }
  const node: UnrulyNode = {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    manner: 'answers',
    genesis,
    final: 7,
    hash: 'ab'.repeat(32),
    refuses: null,
    wanted: 0,
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
      if (node.manner === 'limits requests') {
        return told({ error: { code: -32005, message: 'limit exceeded' } })
      }
      told({ result: answerTo(method, params, node) })
    })
  })
  return node
}

function answerTo(
  method: string,
  params: unknown[],
  { genesis, final, hash }: UnrulyNode,
): unknown {
  const known = `0x${hash}`
  if (method === 'chain_getHeader') return { number: `0x${final.toString(16)}`, parentHash: known }
  if (method.startsWith('chain_subscribe')) return method
  return params[0] === 0 ? `0x${genesis}` : known
}
