import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { closeServer, listen } from '../../../base/net/http-listener.js'

const LISTENER = { what: 'the API', remedy: 'choose another with --api.port' }
const HOST = '127.0.0.1'

describe('listen', () => {
  it('says where it listens, and who else wants a port that is taken', async () => {
    const server = createServer((_req, res) => res.end('served'))
    const { port, url } = await listen(server, { host: HOST, port: 0 }, LISTENER)
    try {
      assert.equal(url, `http://${HOST}:${port}`)
      assert.equal(await (await fetch(url)).text(), 'served')
      await assert.rejects(listen(createServer(), { host: HOST, port }, LISTENER), {
        code: 'port_taken',
        message: `Port ${port} is taken; the API wants it.`,
        hint: /lsof -i :\d+\), or choose another with --api\.port\.$/,
      })
    } finally {
      await closeServer(server, { graceMs: 0 })
    }
  })

  it('says what else is wrong with an address', () =>
    assert.rejects(listen(createServer(), { host: '192.0.2.1', port: 0 }, LISTENER), {
      code: 'listen_failed',
      message: /^Port 0 of 192\.0\.2\.1 cannot be opened for the API: .*EADDRNOTAVAIL/,
    }))
})

describe('closeServer', () => {
  it('lets a running answer end, and closes its connection then', async () => {
    let finish = () => {}
    const server = createServer((_req, res) => {
      res.write('begun')
      finish = () => res.end(' ended')
    })
    const { url } = await listen(server, { host: HOST, port: 0 }, LISTENER)
    const answer = await fetch(url)
    const closed = closeServer(server, { graceMs: 5_000 })
    finish()
    assert.equal(await answer.text(), 'begun ended')
    const started = performance.now()
    await closed
    assert.ok(performance.now() - started < 2_000, 'the connection is not kept alive')
  })

  it('calls onCut before it cuts what does not end in time', async () => {
    const server = createServer((_req, res) => res.write('begun'))
    const { port } = await listen(server, { host: HOST, port: 0 }, LISTENER)
    const socket = connect(port, HOST)
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(socket, 'data')
    socket.on('error', () => {})
    const cut = once(socket, 'close')
    const log: string[] = []
    const onCut = () => log.push('told')
    await closeServer(server, { graceMs: 20, onCut })
    await cut
    assert.deepEqual(log, ['told'])
  })
})
