import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { pino } from 'pino'
import { Connection } from '../../../chain/subtensor/connection.js'
import { chainTarget } from '../../../chain/subtensor/endpoints.js'
import { until } from '../../support/until.js'
import { type Manner, startUnrulyNode, type UnrulyNode } from './unruly-node.js'

const OURS = '11'.repeat(32)
const LEVELS: Record<string, number> = { warn: 40 }
const ANOTHER = '22'.repeat(32)
/** Long enough for a busy machine to answer on loopback; what hangs is waited for so long. */
const DEADLINE_MS = 1000

describe('endpoints of a chain that are not as they should be', () => {
  const held: { close(): unknown }[] = []
  let logged: string[]

  beforeEach(() => {
    logged = []
  })
  afterEach(async () => {
    for (const each of held.splice(0)) await each.close()
  })

  async function node(genesis = OURS): Promise<UnrulyNode> {
    const started = await startUnrulyNode(genesis)
    held.push(started)
    return started
  }

  function connection(endpoints: string[], network = 'mine', compareMs?: number): Connection {
    const log = pino({ level: 'debug' }, { write: (line: string) => logged.push(line) })
    const often = compareMs === undefined ? {} : { compareMs }
    const options = { deadlineMs: DEADLINE_MS, silenceMs: 60_000, log, ...often }
    const made = new Connection(chainTarget(network, endpoints.join(',')), options)
    held.unshift(made)
    return made
  }

  // What a node said of a block is not asked for twice.
  let blocks = 0
  const head = (to: Connection) =>
    to.run((session) => {
      blocks += 1
      return session.numberOf(blocks.toString(16).padStart(64, '0'))
    })
  const lines = (level: string) =>
    logged
      .map((line) => JSON.parse(line) as { level: number; msg: string })
      .filter((line) => line.level === LEVELS[level])

  const manners: [Exclude<Manner, 'answers'>, code: string, retryable: boolean][] = [
    ['hangs', 'chain_timeout', true],
    ['drops', 'chain_unreachable', true],
    ['babbles', 'chain_unreachable', true],
    ['refuses to tell of heads', 'bad_chain_answer', false],
  ]
  for (const [manner, code, retryable] of manners) {
    it(`one that ${manner}, from the start: by name, and all is well when it is over`, async () => {
      const it = await node()
      it.manner = manner
      const chain = connection([it.url])
      await assert.rejects(head(chain), { code, retryable, message: /^.{1,1500}$/ })
      it.manner = 'answers'
      assert.equal(await head(chain), 7)
    })
  }

  for (const manner of ['hangs', 'drops', 'babbles'] as const) {
    it(`one that ${manner} in the middle: the same, and the next endpoint serves meanwhile`, async () => {
      const [first, second] = [await node(), await node()]
      const alone = connection([first.url])
      const both = connection([first.url, second.url])
      assert.deepEqual([await head(alone), await head(both)], [7, 7])
      assert.equal(both.endpoint, first.url)
      first.manner = manner
      await assert.rejects(head(alone), { retryable: true })
      assert.equal(await head(both), 7)
      assert.equal(both.endpoint, second.url)
      first.manner = 'answers'
      // It may be waiting yet for an answer to what it asked before.
      assert.equal(await head(alone).catch(() => head(alone)), 7)
    })
  }

  it('one that takes connections and says nothing, and one where nobody listens', async () => {
    const open = new Set<Socket>()
    const mute = createServer((socket) => open.add(socket)).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const url = `ws://127.0.0.1:${(mute.address() as AddressInfo).port}`
    await assert.rejects(head(connection([url])), { code: 'chain_timeout', retryable: true })
    for (const socket of open) socket.destroy()
    mute.close()
    await once(mute, 'close')
    await assert.rejects(head(connection([url])), { code: 'chain_unreachable', retryable: true })
  })

  it('one that is another chain than its network’s: refused, and passed over for the right one', async () => {
    const wrong = await node(ANOTHER)
    await assert.rejects(head(connection([wrong.url], 'finney')), {
      code: 'genesis_changed',
      retryable: false,
      message: new RegExp(`^${wrong.url} is not the chain finney: its genesis is ${ANOTHER}, not`),
    })
    const right = await node(chainTarget('finney', '').genesis!)
    const chain = connection([wrong.url, right.url], 'finney')
    assert.equal(await head(chain), 7)
    assert.equal(chain.endpoint, right.url)
  })

  it('one that becomes another chain in the middle: refused until it is the old one again', async () => {
    const it = await node()
    const chain = connection([it.url])
    await head(chain)
    it.genesis = ANOTHER
    it.restart()
    await assert.rejects(head(chain), { code: 'genesis_changed', retryable: false })
    it.genesis = OURS
    assert.equal(await head(chain), 7)
  })

  for (const status of [429, 503]) {
    it(`one that refuses connections with ${status}: left alone as long as it asks, not hammered`, async () => {
      const it = await node()
      it.refuses = { status, retryAfter: '1' }
      const chain = connection([it.url])
      const told = { code: 'chain_unreachable', retryable: true }
      await assert.rejects(head(chain), { ...told, message: new RegExp(`HTTP ${status}$`) })
      const wanted = it.wanted
      for (let i = 0; i < 20; i++) {
        await assert.rejects(head(chain), {
          ...told,
          message: /it is left alone for 1 s$|for 2 s$/,
        })
      }
      assert.equal(it.wanted, wanted, 'nobody knocked meanwhile')
      it.refuses = null
      const began = performance.now()
      await until('it to serve again', () => head(chain).catch(() => null))
      assert.ok(performance.now() - began < 10_000)
    })
  }

  it('one that limits requests: the next serves, and it is left alone', async () => {
    const [first, second] = [await node(), await node()]
    const chain = connection([first.url, second.url])
    await head(chain)
    first.manner = 'limits requests'
    assert.equal(await head(chain), 7)
    assert.equal(chain.endpoint, second.url)
    const { wanted } = first
    second.restart()
    await until('the second again', () => head(chain).catch(() => null))
    assert.equal(first.wanted, wanted)
  })

  it('a fork that calls its blocks final: the second contradicts it, one line says so, and it is left', async () => {
    const [first, second] = [await node(), await node()]
    first.hash = 'cd'.repeat(32)
    const chain = connection([first.url, second.url], 'mine', 50)
    await head(chain)
    assert.equal(chain.endpoint, first.url)
    await until('the second to serve', async () => {
      await head(chain)
      return chain.endpoint === second.url
    })
    const warned = lines('warn').filter(({ msg }) => msg === 'chain endpoint failed')
    assert.equal(warned.length, 1)
    const said = JSON.stringify(warned[0])
    assert.match(said, new RegExp(`"endpoint":"${first.url}"`))
    assert.match(said, new RegExp(`its final block 7 is ${first.hash}, that of ${second.url} is`))
    // Nor is it believed when the other one is gone: it is alone with what it says.
    second.refuses = { status: 503 }
    second.restart()
    await assert.rejects(
      until('nothing', () => head(chain).then(() => null)),
      { code: 'chain_unreachable' },
    )
  })

  it('of three, two that agree are believed, also where the first is one of them', async () => {
    const [first, second, third] = [await node(), await node(), await node()]
    second.hash = 'cd'.repeat(32)
    const chain = connection([first.url, second.url, third.url], 'mine', 50)
    await head(chain)
    const contradicted = await until('a line of it', () =>
      lines('warn').find(({ msg }) => msg === 'chain endpoints that others contradict'),
    )
    assert.match(JSON.stringify(contradicted), new RegExp(`"endpoints":\\["${second.url}"\\]`))
    assert.equal(chain.endpoint, first.url)
  })

  it('one that is stuck while another goes on is left', async () => {
    const [first, second] = [await node(), await node()]
    const chain = connection([first.url, second.url], 'mine', 50)
    await head(chain)
    second.final = 18
    await until('the second to serve', async () => {
      await head(chain)
      return chain.endpoint === second.url
    })
    const said = JSON.stringify(lines('warn').find(({ msg }) => msg === 'chain endpoint failed'))
    assert.match(said, /its last final block is 7, that of ws:\S+ is 18/)
  })

  it('endpoints that agree are left in peace, and one that can’t be asked says nothing of the first', async () => {
    const [first, second] = [await node(), await node()]
    const chain = connection([first.url, second.url], 'mine', 20)
    await head(chain)
    await until('some comparisons', () => second.wanted > 3)
    second.refuses = { status: 503, retryAfter: '600' }
    await until('a refused one', () => second.wanted > 4)
    assert.equal(chain.endpoint, first.url)
    assert.deepEqual(lines('warn'), [])
  })

  it('keys in an address show nowhere', async () => {
    const it = await node()
    const url = it.url.replace('ws://', 'ws://me:SECRET1@')
    const chain = connection([`${url}/SECRET2?key=SECRET3`, `${url}/SECRET4`])
    await head(chain)
    it.manner = 'drops'
    const told = await head(chain).catch((error: Error) => `${error.message} ${error.stack}`)
    assert.match(`${told}`, /was lost|none of the 2/)
    assert.match(logged.join(''), /chain endpoint failed/)
    assert.doesNotMatch(`${told}${chain.endpoint}${logged}`, /SECRET|me:/)
  })
})
