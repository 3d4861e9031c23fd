import assert from 'node:assert/strict'
import type { RequestListener, Server } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { STREAM_MEDIA_TYPE } from '../../wire/limits.js'
import { clockWord } from '../../wire/outcome.js'
import { encodeRecord } from '../../wire/stream.js'
import { BODY, useAsking } from './asking.js'
import { serving } from './stub-prover.js'

describe('a prover that does not answer', () => {
  const { ask, askAt, failsAs, honest, withScript } = useAsking()

  it('knows a prover that calls our time wrong from one that fails', async () => {
    const refusing = (code: string): RequestListener => {
      return (req, res) => {
        req.resume()
        res.writeHead(401, { 'Content-Type': 'application/json' })
        res.end(JSON.stringify({ error: { code, message: 'no' } }))
      }
    }
    for (const [code, reason, word] of [
      ['stale', 'stale', 'stale'],
      ['bad_signature', 'error', 'silent'],
    ] as const) {
      const outcome = await ask(refusing(code))
      assert.ok(outcome.kind === 'failed')
      assert.deepEqual([outcome.reason, clockWord(outcome)], [reason, word])
    }
    // By a prover that started just now: our time is older than its start, and fresh.
    assert.deepEqual(await ask(refusing('before_start')), { kind: 'refused', taken: [] })
  })

  it('distinguishes refusals by their status', async () => {
    const status =
      (code: number, body: string, headers = {}): RequestListener =>
      (_, res) =>
        res.writeHead(code, headers).end(body)
    const json = JSON.stringify({ error: { code: 'queue_full', message: 'full\u001b[31m' } })
    assert.deepEqual(await ask(status(429, json, { 'Retry-After': '7' })), {
      kind: 'refused',
      retryAfterMs: 7000,
      taken: [],
    })
    for (const headers of [{}, { 'Retry-After': 'soon' }, { 'Retry-After': '-1' }]) {
      assert.deepEqual(await ask(status(429, 'not json', headers)), { kind: 'refused', taken: [] })
    }
    await failsAs('invalid_request', status(400, json))
    for (const code of [401, 403, 404, 409, 413, 500, 502, 503])
      await failsAs('error', status(code, json))
    const outcome = await ask(status(503, json))
    assert.ok(outcome.kind === 'failed')
    assert.equal(outcome.message, 'status 503 queue_full: full�[31m')
    await failsAs('error', status(500, 'x'.repeat(100_000)))
  })

  it('maps the codes of error records, and takes no excuse', async () => {
    const erring = (code: string) =>
      withScript((s) => [
        s.accepted,
        encodeRecord({ type: 'error', code, message: 'because', retryable: false }),
      ])
    await failsAs('invalid_request', erring('invalid_request'))
    await failsAs('out_of_memory', erring('out_of_memory'))
    await failsAs('late', erring('late'))
    await failsAs('error', erring('internal'))
    await failsAs('error', erring('something_new'))
    await failsAs('error', erring('cancelled'))
    const first = encodeRecord({ type: 'error', code: 'late', message: 'm', retryable: true })
    await failsAs(
      'late',
      withScript(() => [first]),
    )
  })

  it('reports no connection as unreachable', async () => {
    const address = await serving(
      () => {},
      async (at) => at,
    )
    const outcome = await askAt({ address })
    assert.ok(outcome.kind === 'failed' && outcome.reason === 'unreachable')
    const loopback = await askAt({ address, allowPrivate: false })
    assert.ok(loopback.kind === 'failed' && loopback.reason === 'unreachable')
    assert.match(loopback.message, /loopback/)
  })

  /** A bare TCP server that treats each connection as told, once its request is in. */
  function tcp(onRequest: (socket: Socket) => void): Server {
    const server = createTcpServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => onRequest(socket))
    })
    const sockets = new Set<Socket>()
    server.on('connection', (socket) => sockets.add(socket))
    // What serving() calls to end what is left open.
    return Object.assign(server, {
      closeAllConnections: () => {
        for (const socket of sockets) socket.destroy()
      },
    }) as unknown as Server
  }

  const HEAD = `HTTP/1.1 200 OK\r\nContent-Type: ${STREAM_MEDIA_TYPE}\r\nTransfer-Encoding: chunked\r\n\r\n`
  const chunk = (bytes: Buffer) =>
    Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])

  it('reports a connection that breaks off as no answer, and bytes that are no HTTP as malformed', async () => {
    await failsAs(
      'no_answer',
      tcp((socket) => socket.destroy()),
    )
    await failsAs(
      'no_answer',
      tcp((socket) => socket.resetAndDestroy()),
    )
    await failsAs(
      'no_answer',
      tcp((socket) => socket.end(HEAD)),
    )
    const { accepted, progress } = honest(BODY)
    const begun = tcp((socket) => {
      socket.write(Buffer.concat([Buffer.from(HEAD), chunk(accepted), chunk(progress[0]!)]))
      socket.end()
    })
    const outcome = await ask(begun)
    assert.ok(outcome.kind === 'failed' && outcome.reason === 'no_answer')
    assert.equal(outcome.progressed, true)
    await failsAs(
      'malformed',
      tcp((socket) => socket.end('SSH-2.0-OpenSSH_9.7\r\n')),
    )
    await failsAs(
      'malformed',
      tcp((socket) => socket.end(`${HEAD}zz\r\n`)),
    )
  })
})
