import assert from 'node:assert/strict'
import { createServer, type Server, type Socket } from 'node:net'
import type { WireErrorCode } from '../../wire/error.js'
import { Exchange } from '../../wire/exchange.js'
import { fetchInfo } from '../../wire/info.js'
import { expectOk } from '../../wire/refusal.js'
import { serving } from './stub-prover.js'

/** A bare TCP server that treats each connection as told, once its request is in. */
function tcp(onRequest: (socket: Socket) => void): Server {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => onRequest(socket))
  })
  return Object.assign(server, {
    closeAllConnections: () => {
      for (const socket of sockets) socket.destroy()
    },
  })
}

interface Ways {
  deadlineMs?: number
  signal?: AbortSignal
}

function withExchange<T>(
  server: Server,
  ways: Ways,
  run: (exchange: Exchange) => Promise<T>,
): Promise<T> {
  // serving() takes any server that can close its connections.
  return serving(server as Parameters<typeof serving>[0], async ({ ip, port }) => {
    const exchange = new Exchange({
      address: { ip, port, family: 4 },
      method: 'GET',
      target: '/',
      headers: {},
      connectMs: 3000,
      deadlineMs: 20_000,
      ...ways,
    })
    try {
      return await run(exchange)
    } finally {
      exchange.close()
    }
  })
}

const UPGRADES = [
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nmore',
]

const withCode = (code: WireErrorCode) => ({ code })

describe('an exchange with a stranger', () => {
  it('that is answered with another protocol ends as malformed', async () => {
    for (const answer of UPGRADES.slice(1)) {
      await withExchange(
        tcp((socket) => socket.write(answer)),
        {},
        async (exchange) => {
          await assert.rejects(exchange.response(), withCode('http_malformed'))
          await assert.rejects(exchange.bytes(100), withCode('http_malformed'))
        },
      )
    }
  })

  it('ends with its deadline and its caller, whatever came before', async () => {
    for (const answer of [...UPGRADES, 'HTTP/1.1 101 x\r\n\r\n', 'HTTP/1.1 103 x\r\n\r\n']) {
      const server = () => tcp((socket) => socket.write(answer))
      await withExchange(server(), { deadlineMs: 100 }, async (exchange) => {
        const error: unknown = await expectOk(exchange, 'a/b').catch((thrown) => thrown)
        assert.ok(error instanceof Error && 'code' in error)
        assert.ok(['http_malformed', 'late'].includes(String(error.code)), String(error))
      })
      const stop = new AbortController()
      await withExchange(server(), { signal: stop.signal }, async (exchange) => {
        const wait = expectOk(exchange, 'a/b')
        setTimeout(() => stop.abort(), 50)
        const error: unknown = await wait.catch((thrown) => thrown)
        assert.ok(error instanceof Error && 'code' in error)
        assert.ok(['http_malformed', 'cancelled'].includes(String(error.code)), String(error))
      })
    }
  })

  it('does not read too many interim answers', async () => {
    const flood = (interim: string) =>
      tcp((socket) => {
        const more = () => {
          while (!socket.destroyed && socket.write(interim.repeat(100)));
        }
        socket.on('drain', more)
        more()
      })
    for (const interim of ['HTTP/1.1 103 x\r\nLink: y\r\n\r\n', 'HTTP/1.1 100 Continue\r\n\r\n']) {
      await withExchange(flood(interim), {}, async (exchange) => {
        await assert.rejects(exchange.response(), withCode('stream_oversized'))
      })
    }
    const some = tcp((socket) =>
      socket.end(`${'HTTP/1.1 103 x\r\n\r\n'.repeat(3)}HTTP/1.1 200 OK\r\n\r\nbody`),
    )
    await withExchange(some, {}, async (exchange) => {
      assert.equal(String(await exchange.bytes(100)), 'body')
    })
  })

  it('does not read a body that comes byte by byte', async () => {
    const bytes = (count: number) =>
      tcp((socket) =>
        socket.write(
          `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(count)}0\r\n\r\n`,
        ),
      )
    await withExchange(bytes(200_000), {}, (exchange) =>
      assert.rejects(exchange.bytes(400_000), withCode('http_malformed')),
    )
    await withExchange(bytes(10_000), {}, async (exchange) => {
      assert.equal((await exchange.bytes(400_000)).length, 10_000)
    })
  })

  it('ends in the middle of a body too, read or not', async () => {
    const half = () =>
      tcp((socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'))
    await withExchange(half(), { deadlineMs: 100 }, (exchange) =>
      assert.rejects(exchange.bytes(100), withCode('late')),
    )
    const stop = new AbortController()
    await withExchange(half(), { signal: stop.signal }, async (exchange) => {
      await exchange.response()
      stop.abort()
      await assert.rejects(exchange.bytes(100), withCode('cancelled'))
    })
  })

  it('gives reasons in one line that no terminal obeys', async () => {
    const json = (body: string) =>
      tcp((socket) =>
        socket.end(
          `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
        ),
      )
    const evil = '\u001b[2J\n\u202e\u2028{"level":50}'
    const answers = [evil, `"${evil}"`, JSON.stringify({ [evil]: 1, versions: {} }), '{}']
    for (const answer of answers) {
      await serving(json(answer) as Parameters<typeof serving>[0], async (address) => {
        const error: unknown = await fetchInfo({ address, allowPrivate: true }).catch((e) => e)
        assert.ok(error instanceof Error)
        assert.match(error.message, /^\/v1\/info is invalid: /)
        assert.doesNotMatch(error.message, /[\p{C}\u2028\u2029]/u)
        assert.ok(error.message.length < 400)
      })
    }
  })
})
