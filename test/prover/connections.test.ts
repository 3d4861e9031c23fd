import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { connect, Socket } from 'node:net'
import { ConnectionGuard, connectionLimits } from '../../prover/connections/connections.js'
import { remoteHost } from '../../prover/connections/remote-host.js'
import { FakeGenerator } from './fake-generator.js'
import { gate, type Site, withSite } from './site.js'

const LIMITS = connectionLimits(2)

/** A guard whose server takes connections from addresses of the test's choice. */
function guarded() {
  const guard = new ConnectionGuard(LIMITS)
  const server = createServer()
  guard.watch(server)
  return {
    guard,
    open(remoteAddress: string): Socket {
      const socket = new Socket()
      Object.defineProperty(socket, 'remoteAddress', { value: remoteAddress })
      server.emit('connection', socket)
      return socket
    },
  }
}

const openOf = (sockets: readonly Socket[]) => sockets.filter(({ destroyed }) => !destroyed).length
/** A destroyed socket says so a moment later. */
const settle = () => new Promise((resolve) => setImmediate(resolve))
/** The i-th host of the 64 in one /58. */
const inPrefix58 = (i: number) => `2001:db8:1:${i.toString(16)}::1`

describe('connections to a prover', () => {
  it('are taken from whoever comes, when 64 hosts hold all that there may be', async () => {
    const { open } = guarded()
    const attackers = Array.from({ length: 1024 }, (_, i) => open(`100.${i % 64}.0.1`))
    assert.equal(openOf(attackers), 1024)
    const callers = Array.from({ length: 16 }, (_, i) => open(`1.2.${i}.4`))
    // The attackers go on.
    const more = Array.from({ length: 3000 }, (_, i) => open(`100.${i % 64}.0.1`))
    await settle()
    assert.equal(openOf(callers), 16)
    assert.equal(openOf([...attackers, ...more]), 1024 - 16)
  })

  it('are few of one IPv6 network, however many hosts are in it', async () => {
    const { open } = guarded()
    const caller = open('2001:db8:1:f000::7')
    const attackers = Array.from({ length: 1024 }, (_, i) => open(inPrefix58(i % 64)))
    const neighbour = open('2001:db8:1:e000::7')
    await settle()
    assert.equal(openOf([caller, neighbour]), 2)
    assert.equal(openOf(attackers), 2 * LIMITS.perHost)
  })

  it('are kept where a caller with a permit asks, but not all of the guard’s for one caller', async () => {
    const { guard, open } = guarded()
    const sockets = Array.from({ length: 20 }, () => {
      const socket = open('1.2.3.4')
      guard.prove({ socket } as IncomingMessage, 'caller')
      return socket
    })
    for (let i = 0; i < 100; i++) open('1.2.3.4')
    await settle()
    assert.equal(openOf(sockets), LIMITS.perHost)
    for (const socket of sockets) socket.destroy()
    await settle()
    const next = open('1.2.3.4')
    guard.prove({ socket: next } as IncomingMessage, 'caller')
    for (let i = 0; i < 100; i++) open('1.2.3.4')
    await settle()
    assert.equal(openOf([next]), 1)
  })

  it('are counted by the host that opens them, not by how its address is written', () => {
    const hosts = (...addresses: string[]) =>
      new Set(addresses.map((one) => remoteHost(one)?.networks[2])).size
    assert.equal(hosts('1.2.3.4', '::ffff:1.2.3.4'), 1)
    assert.equal(hosts('2001:db8:1:2::1', '2001:db8:1:2:ffff::9'), 1)
    assert.equal(hosts('2001:db8:1:2::1', '2001:db8:1:3::1', '1.2.3.4', '1.2.3.5'), 4)
    for (const own of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
      assert.equal(remoteHost(own)?.loopback, true, own)
    }
    assert.equal(remoteHost('10.0.0.1')?.loopback, false)
    assert.equal(remoteHost('fe80::1%eth0')?.loopback, false)
    assert.equal(remoteHost(undefined), null)
  })

  it('leave room for others beside the greediest host', () => {
    for (const capacity of [1, 2, 100, 1024]) {
      const { total, perHost } = connectionLimits(capacity)
      assert.ok(perHost >= 16 && perHost >= capacity && total >= 4 * perHost)
    }
  })
})

describe('a prover whose connections are all taken', () => {
  /** Opens connections, over the wire, that send these bytes and nothing more. */
  async function fill(site: Site, count: number, sent: string): Promise<Socket[]> {
    return Promise.all(
      Array.from({ length: count }, async () => {
        const socket = connect(site.prover.port, '127.0.0.1')
        socket.on('error', () => {})
        await once(socket, 'connect')
        socket.write(sent)
        return socket
      }),
    )
  }

  const signed = 'POST /v1/generate HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n'
  const attacks: Readonly<Record<string, string>> = {
    'nothing sent': '',
    'headers that never end': `${signed}X-`,
    'a body that never ends': `${signed}\r\nsome`,
  }
  for (const [name, sent] of Object.entries(attacks)) {
    it(`answers a caller with a permit: ${name}`, async () => {
      const connections = { total: 40, perHost: 10, perLoopback: 40 }
      await withSite({ connections }, async (site) => {
        const held = await fill(site, 100, sent)
        const [one, two] = await Promise.all([site.ask(site.body()), site.ask(site.body())])
        assert.deepEqual([one.kind, two.kind], ['answered', 'answered'])
        for (const socket of held) socket.destroy()
      })
    })
  }

  it('does not give up an answer that is under way', async () => {
    const reached = gate()
    const release = gate()
    const generator = new FakeGenerator({
      beforeStep: () => {
        reached.open()
        return release.passed
      },
    })
    const connections = { total: 40, perHost: 10, perLoopback: 40 }
    await withSite({ connections, generator }, async (site) => {
      const asked = site.ask(site.body())
      await reached.passed
      const held = await fill(site, 100, '')
      const after = await fetch(`${site.prover.url}/healthz`)
      assert.equal(after.status, 200)
      release.open()
      assert.equal((await asked).kind, 'answered')
      for (const socket of held) socket.destroy()
    })
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
