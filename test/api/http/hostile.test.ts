import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as soon } from 'node:timers/promises'
import { pino } from 'pino'
import type { ApiServerOptions } from '../../../api/server.js'
import { newVerifier } from '../../ledger/fixtures.js'
import { heldBytes } from '../../support/hostile/measure-memory.js'
import { useDatabase } from '../../support/postgres.js'
import { awayTemporal, startApi, TEST_KEY, type TestApi } from '../server.js'

const HOST = 'Host: localhost\r\n'
const KEY = `Authorization: Bearer ${TEST_KEY}\r\n`
const JSON_TYPE = 'Content-Type: application/json\r\n'
const CLOSE = 'Connection: close\r\n'
const LARGE = 50 * 1024 * 1024

/** Sent as it is. All but the first few are refused; what matters is that none is a 5xx. */
const NONSENSE: Readonly<Record<string, string | Buffer>> = {
  'a double slash': `GET //v1/models HTTP/1.1\r\n${HOST}${KEY}${CLOSE}\r\n`,
  'a double slash inside': `GET /v1//models HTTP/1.1\r\n${HOST}${KEY}${CLOSE}\r\n`,
  'a path upwards': `GET /v1/../metrics HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'an escaped path upwards': `GET /assets/..%2f..%2fpackage.json HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'a doubly escaped path upwards': `GET /assets/%252e%252e%252fpackage.json HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'escaped dots': `GET /assets/%2e%2e/%2e%2e/package.json HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'escaped dots among docs': `GET /docs/%2e%2e/%2e%2e/package.json HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  backslashes: `GET /assets\\..\\..\\package.json HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'an escaped NUL': `GET /v1/videos/%00 HTTP/1.1\r\n${HOST}${KEY}${CLOSE}\r\n`,
  'an escape of nothing': `GET /%zz HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'another host in the address': `GET http://evil.example/v1/models HTTP/1.1\r\n${HOST}${KEY}${CLOSE}\r\n`,
  'an address that is none': `GET http://[::1 HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'a star': `GET * HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'a long address': `GET /${'a'.repeat(15_000)} HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'a longer address': `GET /${'a'.repeat(50_000)} HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'a long query': `GET /v1/videos?${'a=1&'.repeat(3_000)} HTTP/1.1\r\n${HOST}${KEY}${CLOSE}\r\n`,
  'bytes in the address': Buffer.from(`GET /\xff\xfe HTTP/1.1\r\n${HOST}${CLOSE}\r\n`, 'latin1'),
  'a method of no standard': `FOO /v1/videos HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  'a method in small letters': `get /v1/videos HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  TRACE: `TRACE /v1/videos HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  PROPFIND: `PROPFIND /v1/videos HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
  CONNECT: `CONNECT example.com:443 HTTP/1.1\r\n${HOST}\r\n`,
  'an upgrade': `GET /v1/models HTTP/1.1\r\n${HOST}${KEY}Connection: upgrade, close\r\nUpgrade: websocket\r\n\r\n`,
  'two hosts': `GET /v1/models HTTP/1.1\r\n${HOST}Host: evil.example\r\n${KEY}${CLOSE}\r\n`,
  'no host': `GET /v1/models HTTP/1.1\r\n${KEY}${CLOSE}\r\n`,
  'two keys': `GET /v1/models HTTP/1.1\r\n${HOST}${KEY}Authorization: Bearer x\r\n${CLOSE}\r\n`,
  'two lengths': `POST /v1/videos HTTP/1.1\r\n${HOST}${KEY}${JSON_TYPE}Content-Length: 2\r\nContent-Length: 7\r\n${CLOSE}\r\n{}`,
  'a length and chunks': `POST /v1/videos HTTP/1.1\r\n${HOST}${KEY}${JSON_TYPE}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n${CLOSE}\r\n0\r\n\r\n`,
  'two types': `POST /v1/videos HTTP/1.1\r\n${HOST}${KEY}${JSON_TYPE}Content-Type: text/plain\r\nContent-Length: 2\r\n${CLOSE}\r\n{}`,
  'a negative length': `POST /v1/videos HTTP/1.1\r\n${HOST}${KEY}${JSON_TYPE}Content-Length: -1\r\n${CLOSE}\r\n`,
  'a chunk of no size': `POST /v1/videos HTTP/1.1\r\n${HOST}${KEY}${JSON_TYPE}Transfer-Encoding: chunked\r\n${CLOSE}\r\nzz\r\n`,
  'an unknown transfer': `POST /v1/videos HTTP/1.1\r\n${HOST}${KEY}${JSON_TYPE}Transfer-Encoding: gzip\r\n${CLOSE}\r\n`,
  'a folded header': `GET /v1/models HTTP/1.1\r\n${HOST}X: a\r\n b\r\n${KEY}${CLOSE}\r\n`,
  'a header without a colon': `GET /v1/models HTTP/1.1\r\n${HOST}nonsense\r\n${CLOSE}\r\n`,
  'a NUL in a header': `GET /v1/models HTTP/1.1\r\n${HOST}X: a\0b\r\n${CLOSE}\r\n`,
  'many headers': `GET /v1/models HTTP/1.1\r\n${HOST}${KEY}${'X: 1\r\n'.repeat(1_500)}${CLOSE}\r\n`,
  'too many headers': `GET /v1/models HTTP/1.1\r\n${HOST}${KEY}${'X: 1234567890\r\n'.repeat(5_000)}${CLOSE}\r\n`,
  'HTTP of the future': `GET /v1/models HTTP/9.9\r\n${HOST}${CLOSE}\r\n`,
  'HTTP of the past': 'GET /v1/models\r\n\r\n',
  'a TLS greeting': Buffer.from('16030100a5010000a10303', 'hex'),
  'bytes of nothing': Buffer.alloc(4_000, 0xab),
  'a request inside a body': `GET /v1/models HTTP/1.1\r\n${HOST}${KEY}Content-Length: 5\r\n\r\nGET /GET /healthz HTTP/1.1\r\n${HOST}${CLOSE}\r\n`,
}

describe('callers that mean no good', function () {
  this.timeout(240_000)
  const database = useDatabase()
  const temporal = awayTemporal()
  const lines: string[] = []
  const log = pino({ level: 'error' }, { write: (line) => lines.push(line) })
  let server: TestApi
  before(async () => {
    server = await start()
    // Connections to Postgres are there before anything is counted.
    assert.match(
      await say(`GET /v1/models HTTP/1.1\r\n${HOST}${KEY}${CLOSE}\r\n`),
      /^HTTP\/1.1 200/,
    )
  })
  after(async () => {
    await server?.close()
    await temporal.connection.close()
  })
  afterEach(() => {
    assert.deepEqual(lines, [], 'nothing went wrong on our side')
  })

  function start(listening: Partial<ApiServerOptions> = {}): Promise<TestApi> {
    return startApi({ db: database().db, temporal, verifierId: newVerifier(), log, listening })
  }

  async function dial({ url } = server): Promise<Socket> {
    const socket = connect(Number(new URL(url).port), '127.0.0.1')
    await once(socket, 'connect')
    // The server may cut it while we write: that is an answer too.
    return socket.on('error', () => {})
  }

  /** All that it answers until it closes the connection. */
  async function heard(socket: Socket): Promise<string> {
    let text = ''
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1')
    })
    await closing(socket)
    return text
  }

  /** Not `once`: it would reject when the server cuts us. */
  function closing(socket: Socket): Promise<void> {
    return new Promise((resolve) => {
      if (socket.closed) resolve()
      else socket.once('close', () => resolve())
    })
  }

  function drained(socket: Socket): Promise<void> {
    return new Promise((resolve) => socket.once('drain', () => resolve()))
  }

  async function say(bytes: string | Buffer): Promise<string> {
    const socket = await dial()
    socket.write(bytes)
    return heard(socket)
  }

  /** Status of each answer, pipelined ones too. */
  function statuses(text: string): number[] {
    return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status))
  }

  const openSockets = () =>
    process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

  async function allClosed(before: number): Promise<void> {
    while (openSockets() > before) await soon()
  }

  it('get no 5xx, no file that is not served, and no connection that stays', async () => {
    const before = openSockets()
    for (const [what, bytes] of Object.entries(NONSENSE)) {
      const text = await say(bytes)
      for (const status of statuses(text)) assert.ok(status < 500, `${what}: ${text.slice(0, 400)}`)
      assert.ok(!text.includes('devDependencies'), what)
      assert.ok(!/\n\s+at .*\.[tj]s:\d/.test(text), `${what}: a stack`)
    }
    await allClosed(before)
  })

  it('who send many requests in one breath get each answered, in order', async () => {
    const one = `GET /v1/models/none HTTP/1.1\r\n${HOST}${KEY}\r\n`
    const last = `GET /v1/models HTTP/1.1\r\n${HOST}${KEY}${CLOSE}\r\n`
    const found = statuses(await say(`${one.repeat(31)}${last}`))
    assert.deepEqual(found, [...Array.from({ length: 31 }, () => 404), 200])
  })

  it('who send more than 32 reads in one breath are told to take the answers first', async () => {
    const before = openSockets()
    const one = `GET /v1/models/none HTTP/1.1\r\n${HOST}${KEY}\r\n`
    const text = await say(`${one.repeat(99)}GET /healthz HTTP/1.1\r\n${HOST}${CLOSE}\r\n`)
    const found = statuses(text)
    assert.deepEqual(
      found,
      Array.from({ length: 100 }, (_, i) => (i < 32 ? 404 : i < 99 ? 429 : 200)),
    )
    assert.match(text, /"code":"too_many_requests"/)
    assert.match(text, /^retry-after: 1\r$/im)
    await allClosed(before)
    const later = `GET /v1/models HTTP/1.1\r\n${HOST}${KEY}${CLOSE}\r\n`
    assert.deepEqual(statuses(await say(later)), [200], 'those that were answered do not count')
  })

  for (const [what, framing, type] of [
    ['with its length', `Content-Length: ${LARGE}`, 'application/json'],
    ['in chunks', 'Transfer-Encoding: chunked', 'application/json'],
    ['as a form', 'Transfer-Encoding: chunked', 'multipart/form-data; boundary=x'],
    ['without a key', `Content-Length: ${LARGE}`, null],
  ] as const) {
    it(`who send 50 MB ${what} are refused before it is all there`, async () => {
      const before = openSockets()
      const socket = await dial()
      const answer = heard(socket)
      const key = type === null ? '' : KEY
      const head = `POST /v1/videos HTTP/1.1\r\n${HOST}${key}Content-Type: ${type ?? 'application/json'}\r\n`
      socket.write(`${head}${framing}\r\n${CLOSE}\r\n`)
      const piece = Buffer.alloc(64 * 1024, 0x20)
      const chunked = framing.startsWith('Transfer')
      const part = chunked
        ? Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')])
        : piece
      if (type?.startsWith('multipart')) {
        const field = '--x\r\nContent-Disposition: form-data; name="prompt"\r\n\r\n'
        socket.write(`${field.length.toString(16)}\r\n${field}\r\n`)
      }
      let sent = 0
      while (sent < LARGE && socket.writable) {
        sent += piece.length
        if (!socket.write(part)) await Promise.race([drained(socket), closing(socket)])
      }
      const [status] = statuses(await answer)
      assert.equal(status, type === null ? 401 : 413)
      await allClosed(before)
    })
  }

  for (const type of ['application/json', 'multipart/form-data; boundary=x']) {
    it(`who send a body byte by byte, as ${type.slice(0, 19)}, are refused for it`, async () => {
      const before = openSockets()
      const held = heldBytes()
      const sockets = await Promise.all(Array.from({ length: 4 }, () => dial()))
      const answers = sockets.map(heard)
      for (const socket of sockets) {
        socket.write(
          `POST /v1/videos HTTP/1.1\r\n${HOST}${KEY}Content-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\n`,
        )
        socket.write('1\r\n \r\n'.repeat(20_000))
      }
      for (const text of await Promise.all(answers)) {
        assert.deepEqual(statuses(text), [400], text)
        assert.match(text, /comes in too many pieces/)
      }
      await allClosed(before)
      assert.ok(heldBytes() - held < 32 * 2 ** 20)
    })
  }

  it('who send a body drop by drop are cut', async () => {
    // Its own: on a busy machine all of a large body takes longer than this.
    const impatient = await start({ headersTimeoutMs: 300, requestTimeoutMs: 600 })
    const before = openSockets()
    const sockets = await Promise.all(Array.from({ length: 50 }, () => dial(impatient)))
    const answers = sockets.map(heard)
    for (const socket of sockets) {
      const head = `POST /v1/videos HTTP/1.1\r\n${HOST}${KEY}${JSON_TYPE}Content-Length: 400\r\n\r\n`
      socket.write(`${head}{"prompt":`)
    }
    for (const text of await Promise.all(answers)) {
      assert.deepEqual(statuses(text), [408], text)
    }
    await allClosed(before)
    await impatient.close()
  })
})
