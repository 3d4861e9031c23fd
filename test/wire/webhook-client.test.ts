import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { WireError } from '../../wire/error.js'
import { lookupHost, resolveHost } from '../../wire/resolve-host.js'
import { noAnswerOf, postWebhook, type WebhookPost } from '../../wire/webhook-client.js'
import { type Answering, RECEIVER_CA, type Receiver, startReceiver } from '../support/receiver.js'

const BODY = Buffer.from('{"type":"webhook.test"}')
/** For receivers that never get to the point. */
const SHORT = { dnsMs: 50, connectMs: 50, wholeMs: 100, bodyMs: 50 }

function post(url: string, more: Partial<WebhookPost> = {}) {
  return postWebhook({
    url,
    headers: { 'Content-Type': 'application/json', 'webhook-id': 'evt_1' },
    body: BODY,
    allowPrivate: true,
    ...more,
  })
}

/** How a POST without an answer ended, as its owner would see it. */
async function failure(url: string, more: Partial<WebhookPost> = {}): Promise<string> {
  const error = await post(url, more).then(
    (answer) => assert.fail(`answered ${answer.status}`),
    (thrown: WireError) => thrown,
  )
  for (const secret of ['token', 'hook.test', 'inside']) {
    assert.ok(!`${error.message} ${error.hint}`.includes(secret), error.message)
  }
  return noAnswerOf(error.code)
}

describe('a POST to a webhook', () => {
  const opened: { close(): Promise<unknown> }[] = []
  const receiver = async (answering?: Answering, secure = false): Promise<Receiver> => {
    const made = await startReceiver(answering, { secure })
    opened.push(made)
    return made
  }
  /** A bare TCP server, each connection treated as told. */
  const bare = async (treat: (socket: Socket) => void): Promise<number> => {
    const sockets = new Set<Socket>()
    const server: Server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      treat(socket)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    opened.push({
      close: async () => {
        for (const socket of sockets) socket.destroy()
        await once(server.close(), 'close')
      },
    })
    return (server.address() as { port: number }).port
  }
  const inside = (port: number) => `http://127.0.0.1:${port}/in?token=1`
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()))
  })

  it('brings body, headers and target, and leaves no connection behind', async () => {
    const to = await receiver()
    assert.deepEqual(await post(inside(to.port)), { status: 200, retryAfterMs: null })
    const [one] = to.received
    assert.deepEqual(
      [one!.method, one!.target, one!.body],
      ['POST', '/in?token=1', BODY.toString()],
    )
    const { host, connection, 'webhook-id': id, 'content-length': length } = one!.headers
    assert.deepEqual(
      [host, connection, id, length],
      [`127.0.0.1:${to.port}`, 'close', 'evt_1', String(BODY.length)],
    )
    await noneOpen(to)
  })

  it('is over TLS to the address that was vetted, under the name that was asked for', async () => {
    const to = await receiver(undefined, true)
    const asked: string[] = []
    const resolve = async (name: string) => {
      asked.push(name)
      return ['127.0.0.1']
    }
    const url = `https://hook.test:${to.port}/in`
    assert.equal((await post(url, { resolve, ca: RECEIVER_CA })).status, 200)
    assert.deepEqual(
      asked,
      ['hook.test'],
      'resolved once: a name that changes its mind gains nothing',
    )
    assert.equal(to.received[0]!.headers.host, `hook.test:${to.port}`)
    const byAddress = await post(`https://127.0.0.1:${to.port}/in`, { ca: RECEIVER_CA })
    assert.equal(byAddress.status, 200)
    await noneOpen(to)
  })

  it('wants a certificate that holds, for this very name', async () => {
    const to = await receiver(undefined, true)
    const resolve = async () => ['127.0.0.1']
    assert.equal(await failure(`https://hook.test:${to.port}/`, { resolve }), 'tls_failed')
    const other = { resolve, ca: RECEIVER_CA }
    assert.equal(await failure(`https://other.test:${to.port}/`, other), 'tls_failed')
    const plain = await receiver()
    assert.equal(await failure(`https://hook.test:${plain.port}/`, other), 'tls_failed')
    assert.equal(to.received.length + plain.received.length, 0)
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'
    try {
      assert.equal(await failure(`https://hook.test:${to.port}/`, { resolve }), 'tls_failed')
    } finally {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before
    }
  })

  it('follows no redirect, asks no proxy', async () => {
    const aim = await receiver()
    const to = await receiver((res) => {
      res.writeHead(307, { Location: inside(aim.port) }).end()
    })
    process.env.http_proxy = `http://127.0.0.1:${aim.port}`
    try {
      assert.deepEqual(await post(inside(to.port)), { status: 307, retryAfterMs: null })
    } finally {
      delete process.env.http_proxy
    }
    assert.equal(aim.received.length, 0)
  })

  it('goes nowhere when one of the name’s addresses is not public', async () => {
    const to = await receiver(undefined, true)
    const cases = [
      ['127.0.0.1'],
      ['8.8.8.8', '10.0.0.1'],
      ['::ffff:127.0.0.1'],
      ['64:ff9b::7f00:1'],
      ['0.0.0.0'],
    ]
    for (const addresses of cases) {
      const resolve = async () => addresses
      const url = `https://hook.test:${to.port}/`
      const said = await failure(url, { resolve, allowPrivate: false, ca: RECEIVER_CA })
      assert.equal(said, 'address_refused', addresses.join())
    }
    assert.equal(await failure('http://127.0.0.1/', { allowPrivate: false }), 'address_refused')
    assert.equal(await failure('https://localhost/', { allowPrivate: false }), 'address_refused')
    assert.equal(to.received.length, 0)
  })

  it('tries the next address when nothing listens at the first', async () => {
    const to = await receiver()
    const resolve = async () => ['127.0.0.2', '127.0.0.1']
    assert.equal((await post(`http://hook.test:${to.port}/`, { resolve })).status, 200)
  })

  it('says why no answer came back', async () => {
    const silent = await bare(() => {})
    assert.equal(await failure(inside(silent), { deadlines: SHORT }), 'late')
    // TLS that never gets going is no connection.
    const secure = `https://127.0.0.1:${silent}/token`
    assert.equal(await failure(secure, { deadlines: SHORT }), 'unreachable')
    const hangsUp = await bare((socket) => socket.once('data', () => socket.destroy()))
    assert.equal(await failure(inside(hangsUp)), 'no_answer')
    const noHttp = await bare((socket) => socket.once('data', () => socket.end('SSH-2.0-no\r\n')))
    assert.equal(await failure(inside(noHttp)), 'malformed')
    const headers = await bare((socket) =>
      socket.once('data', () =>
        socket.write(`HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`),
      ),
    )
    assert.equal(await failure(inside(headers)), 'malformed')
    const { port, close } = await startReceiver()
    await close()
    assert.equal(await failure(inside(port)), 'unreachable')
  })

  it('reads little of an answer, and not for long', async () => {
    let sent = 0
    const endless = await receiver((res) => {
      const more = (error?: Error | null) => {
        if (error || res.destroyed) return
        sent += 65_536
        res.write(Buffer.alloc(65_536), more)
      }
      more()
    })
    assert.equal((await post(inside(endless.port))).status, 200)
    await noneOpen(endless)
    assert.ok(sent < 32 * 2 ** 20, `${sent} bytes were taken`)
    const trickling = await receiver((res) => void res.write('a'))
    const answer = await post(inside(trickling.port), { deadlines: { bodyMs: 50 } })
    assert.equal(answer.status, 200)
    await noneOpen(trickling)
  })

  it('hears Retry-After, within an hour', async () => {
    for (const [header, ms] of [
      ['7', 7000],
      ['999999999', 3_600_000],
      ['0', null],
      ['-5', null],
      ['soon', null],
      ['Wed, 21 Oct 2026 07:28:00 GMT', null],
    ] as const) {
      const to = await receiver((res) => void res.writeHead(503, { 'Retry-After': header }).end())
      assert.deepEqual(await post(inside(to.port)), { status: 503, retryAfterMs: ms }, header)
    }
  })

  it('ends with its caller', async () => {
    const silent = await bare(() => {})
    const stop = new AbortController()
    const ended = assert.rejects(post(inside(silent), { signal: stop.signal }), {
      code: 'cancelled',
    })
    stop.abort()
    await ended
  })

  it('waits for DNS no longer than it may', async () => {
    const socket = createSocket('udp4')
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
    const resolver = new Resolver({ timeout: 60_000, tries: 1 })
    resolver.setServers([`127.0.0.1:${socket.address().port}`])
    const resolve = (name: string, ms: number) => lookupHost(resolver, name, ms)
    const url = 'https://hook.test/token'
    assert.equal(await failure(url, { resolve, deadlines: SHORT }), 'unreachable')
    socket.close()
    assert.deepEqual(await resolveHost('localhost', 1000), ['127.0.0.1', '::1'])
  })
})

/** What the receiver counts goes down once it has seen the end of the connection. */
async function noneOpen(receiver: Receiver): Promise<void> {
  while (receiver.open() > 0) await new Promise((resolve) => setImmediate(resolve))
}
