import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { foundOwnNetwork } from '../../activities/shared/is-own-network.js'
import type { IntervalProverRow } from '../../ledger/provers/provers.js'

/** Nobody listens there. */
const CLOSED = 9

describe('activities: whose fault it is that nobody can be reached', () => {
  let server: Server
  let port: number
  before(async () => {
    server = createServer((_, res) => res.writeHead(503).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.9.1', resolve))
    port = (server.address() as { port: number }).port
  })
  after(() => new Promise((resolve) => server.close(resolve)))

  const prover = (name: string, axonIp: string | null, axonPort: number | null = CLOSED) =>
    ({ hotkey: name, coldkey: `cold ${name}`, axonIp, axonPort }) as IntervalProverRow
  const one = [{ hotkey: 'a', coldkey: 'cold a', network: '7f0001', reached: false }]
  const found = (others: readonly IntervalProverRow[], asked = one) =>
    foundOwnNetwork({ allowPrivateAddresses: true }, asked, others, new AbortController().signal)

  it('is our own if none of the others can be reached either', async () => {
    const others = [prover('b', '127.0.2.1'), prover('c', '127.0.3.1')]
    assert.equal(await found(others), true)
  })

  it('is the prover’s if one of the others answers, whatever it says', async () => {
    const others = [prover('b', '127.0.2.1'), prover('c', '127.0.3.1')]
    assert.equal(await found([...others, prover('d', '127.0.9.1', port)]), false)
  })

  it('is not shown by three that are silent together while others answer', async () => {
    const three = ['a', 'b', 'c'].map((hotkey, i) => ({
      ...{ hotkey, coldkey: `cold ${hotkey}`, network: `7f000${i}`, reached: false },
    }))
    assert.equal(await found([], three), true)
    assert.equal(await found([prover('d', '127.0.9.1', port)], three), false)
  })

  it('is the prover’s if too few others can be asked to tell', async () => {
    const unknown = [prover('b', null, null), prover('c', '0.0.0.0'), prover('a', '127.0.3.1')]
    assert.equal(await found([...unknown, prover('d', '127.0.2.1')]), false)
    assert.equal(await found([], []), false)
  })
})
