import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connectionLimits, hostOf } from '../../prover/connections.js'
import { type Site, withSite } from './site.js'

/** Opens a connection that sends nothing, and waits until the prover has taken or refused it. */
async function open(site: Site): Promise<{ socket: Socket; taken: boolean }> {
  const socket = connect(site.prover.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
  const taken = await Promise.race([
    once(socket, 'data').then(() => true),
    once(socket, 'close').then(() => false),
  ])
  return { socket, taken }
}

describe('connections to a prover', () => {
  it('are few for one host, and free again once they close', async () => {
    const connections = { total: 100, perHost: 100, perLoopback: 3 }
    await withSite({ connections }, async (site) => {
      const held = await Promise.all([open(site), open(site), open(site)])
      assert.ok(held.every(({ taken }) => taken))
      assert.equal((await open(site)).taken, false)
      held[0]!.socket.destroy()
      // The prover sees the end of the one a moment after it was ended here.
      let next = await open(site)
      while (!next.taken) next = await open(site)
      for (const { socket } of [...held, next]) socket.destroy()
    })
  })

  it('are counted by the host that opens them, not by how its address is written', () => {
    const names = (addresses: string[]) => new Set(addresses.map((one) => hostOf(one)?.name)).size
    assert.equal(names(['1.2.3.4', '::ffff:1.2.3.4']), 1)
    assert.equal(names(['2001:db8:1:2::1', '2001:db8:1:2:ffff::9']), 1)
    assert.equal(names(['2001:db8:1:2::1', '2001:db8:1:3::1', '1.2.3.4', '1.2.3.5']), 4)
    for (const own of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
      assert.equal(hostOf(own)?.loopback, true, own)
    }
    assert.equal(hostOf('10.0.0.1')?.loopback, false)
    assert.equal(hostOf('fe80::1%eth0')?.loopback, false)
    assert.equal(hostOf(undefined), null)
  })

  it('leave room for others beside the greediest host', () => {
    for (const capacity of [1, 2, 100, 1024]) {
      const { total, perHost } = connectionLimits(capacity)
      assert.ok(perHost >= 16 && perHost >= capacity && total >= 4 * perHost)
    }
  })
})

describe('a request that is refused', () => {
  it('for its headers is refused before its body is in, which may run out', async () => {
    await withSite({}, async (site) => {
      const socket = connect(site.prover.port, '127.0.0.1')
      socket.write('POST /v1/generate HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nsome')
      const [answer] = (await once(socket, 'data')) as [Buffer]
      assert.match(String(answer), /^HTTP\/1\.1 401 [\s\S]*Connection: close[\s\S]*"malformed"/)
      assert.equal(socket.closed, false)
      socket.write('x'.repeat(996))
      await once(socket, 'close')
    })
  })
})
