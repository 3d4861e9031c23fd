import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { UnprovenBodies } from '../../prover/unproven-bodies.js'
import { freshNonce, signRequest } from '../../wire/btauth.js'
import { MAX_REQUEST_BYTES } from '../../wire/limits.js'
import { heldBytes } from '../support/hostile/measure-memory.js'
import { until } from '../support/until.js'
import { type Site, withSite } from './site.js'

const MIB = 2 ** 20

/** Headers that look as if a verifier had signed the request: who did can be told only by its whole body. */
async function begin(site: Site, framing: string): Promise<Socket> {
  const parts = { signer: site.charlie, receiver: site.receiver, body: Buffer.from('another') }
  const headers = {
    ...signRequest({ ...parts, method: 'POST', target: '/v1/generate', nonce: freshNonce() }),
    'X-Bittensor-Hotkey': site.alice.ss58,
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const socket = connect(site.prover.port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(`POST /v1/generate HTTP/1.1\r\nHost: x\r\n${framing}\r\n${lines.join('')}\r\n`)
  return socket
}

describe('bodies of requests whose senders are not known', () => {
  it('take so much memory together, and the largest is given up first', () => {
    const bodies = new UnprovenBodies(10_000)
    const gone: string[] = []
    const of = (name: string) => bodies.begin(() => gone.push(name))
    const [small, large, larger] = [of('small'), of('large'), of('larger')]
    small.add(Buffer.alloc(100))
    large.add(Buffer.alloc(2_000))
    larger.add(Buffer.alloc(6_000))
    assert.deepEqual(gone, [])
    small.add(Buffer.alloc(1_000))
    assert.deepEqual(gone, ['larger'])
    // Given up is released: it adds nothing any more.
    larger.add(Buffer.alloc(50_000))
    larger.release()
    large.add(Buffer.alloc(4_000))
    assert.deepEqual(gone, ['larger'])
    large.release()
    small.release()
    assert.equal(bodies.bytes, 0)
  })

  it('are held up to a limit, and a verifier is served meanwhile', async () => {
    await withSite({}, async (site) => {
      const before = heldBytes()
      const sockets: Socket[] = []
      const part = Buffer.alloc(MAX_REQUEST_BYTES - 1, 0x20)
      for (let i = 0; i < 60; i++) {
        const socket = await begin(site, `Content-Length: ${MAX_REQUEST_BYTES}`)
        sockets.push(socket)
        await new Promise((resolve) => socket.write(part, resolve))
      }
      await until('some to be given up', () => sockets.some(({ destroyed }) => destroyed))
      const held = heldBytes() - before
      assert.ok(held < 80 * MIB, `${Math.round(held / MIB)} MiB are held`)
      assert.equal((await site.ask(site.body())).kind, 'answered')
      for (const socket of sockets) socket.destroy()
    })
  })

  it('may not come byte by byte', async () => {
    await withSite({}, async (site) => {
      const socket = await begin(site, 'Transfer-Encoding: chunked')
      const answer = once(socket, 'data') as Promise<[Buffer]>
      const closed = once(socket, 'close')
      socket.write('1\r\nx\r\n'.repeat(10_000))
      assert.match(String((await answer)[0]), /^HTTP\/1\.1 400 [\s\S]*too many pieces/)
      await closed
    })
  })

  it('nor where they are not read at all', async () => {
    await withSite({}, async (site) => {
      const socket = connect(site.prover.port, '127.0.0.1')
      socket.on('error', () => {}).resume()
      const closed = once(socket, 'close')
      socket.write('POST /v1/generate HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
      socket.write('1\r\nx\r\n'.repeat(10_000))
      await closed
    })
  })
})
