import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { sr25519Ready } from '../../../base/sr25519.js'
import { connectChain } from '../../../chain/connect.js'
import { connectLocalChain } from '../../../chain/local/adapter.js'
import type { AdminCall } from '../../../chain/local/admin-call.js'
import { localAdmin } from '../../../chain/local/admin-client.js'
import type { RunningLocalnet } from '../../../dev/localnet/server.js'
import { testSigner } from '../../chain/keys.js'
import { startManual, withFolder } from '../../chain/local-harness.js'
import { withHost } from '../../support/with-host.js'

const NETUID = 1

describe('local chain', () => {
  const running: RunningLocalnet[] = []
  before(sr25519Ready)
  afterEach(async () => {
    await Promise.all(running.splice(0).map((server) => server.close()))
  })

  async function start(...args: Parameters<typeof startManual>): Promise<RunningLocalnet> {
    const server = await startManual(...args)
    running.push(server)
    return server
  }

  async function stop(server: RunningLocalnet): Promise<void> {
    running.splice(running.indexOf(server), 1)
    await server.close()
  }

  const hotkey = (name: string) => testSigner(name).ss58
  const registration = (name: string): AdminCall => ({
    name: 'register',
    netuid: NETUID,
    hotkey: hotkey(name),
    coldkey: hotkey(`coldkey of ${name}`),
  })
  const stake = (name: string, rao: number): AdminCall => ({
    name: 'setStake',
    netuid: NETUID,
    hotkey: hotkey(name),
    stakeRao: String(rao),
  })
  const subnet = (params: Extract<AdminCall, { name: 'createSubnet' }>['params']): AdminCall => ({
    name: 'createSubnet',
    netuid: NETUID,
    params,
  })

  it('answers nobody who came by another name than this machine’s', () =>
    withFolder(async (folder) => {
      const { url } = await start(join(folder, 'chain.json'))
      const ask = { method: 'POST', body: '{"method":"head","params":{}}' }
      const { port } = new URL(url)
      const strange = await withHost(url, `rebound.example:${port}`, ask)
      assert.deepEqual(strange, { status: 421, text: '' })
      assert.equal((await withHost(url, `localhost:${port}`, ask)).status, 200)
    }))

  it('goes on where it stopped, on the same port and with the same genesis', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'deep', 'chain.json')
      const genesis = [subnet({ weightsRateLimit: 0 }), registration('a'), registration('b')]
      const first = await start(path, { genesis })
      const chain = await connectLocalChain(first.url)
      const admin = localAdmin(first.url)
      await admin.newBlocks(5)
      const signer = testSigner('a')
      await admin.call({ name: 'setPermit', netuid: NETUID, hotkey: signer.ss58, permit: true })
      await admin.newBlocks(1)
      const weights = { netuid: NETUID, uids: [1], values: [7], versionKey: 0 }
      const call = { step: 'set' as const, ...weights, signer, eraBlocks: 64 }
      const prepared = await chain.prepareWeights(call)
      await chain.submit(prepared)
      await admin.newBlocks(4)
      const past = await chain.blockAt(5)
      const before = [await chain.head(), await chain.metagraph(NETUID, past)]
      const lost = await chain.prepareWeights(call)
      await chain.submit(lost)

      await stop(first)
      await assert.rejects(chain.head(), { code: 'chain_unreachable', retryable: true })
      const again = await start(path, { port: Number(new URL(first.url).port) })
      assert.equal(again.url, first.url)
      assert.deepEqual([await chain.head(), await chain.metagraph(NETUID, past)], before)
      await chain.submit(prepared)
      await chain.submit(lost)
      await admin.newBlocks(3)
      const range = { from: prepared.eraFirst, to: prepared.eraLast }
      assert.equal((await chain.inclusion(prepared.hash, range))!.block.number, 7)
      assert.equal((await chain.inclusion(lost.hash, range))!.block.number, 11)
      assert.deepEqual(await chain.weights(NETUID, 0), [[1, 65535]])
    }))

  it('refuses another chain under the same address', () =>
    withFolder(async (folder) => {
      const first = await start(join(folder, 'one.json'))
      const chain = await connectLocalChain(first.url)
      await stop(first)
      await start(join(folder, 'two.json'), { port: Number(new URL(first.url).port) })
      await assert.rejects(chain.head(), { code: 'genesis_changed', retryable: false })
    }))

  it('says that a port is taken', () =>
    withFolder(async (folder) => {
      const first = await start(join(folder, 'one.json'))
      const port = Number(new URL(first.url).port)
      const second = startManual(join(folder, 'two.json'), { port })
      await assert.rejects(second, { code: 'port_taken', message: new RegExp(`Port ${port}`) })
    }))

  it('refuses a damaged file, and one whose blocks were changed', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'chain.json')
      const server = await start(path)
      await localAdmin(server.url).newBlocks(3)
      await stop(server)
      const text = await readFile(path, 'utf8')
      await writeFile(path, text.slice(0, -5))
      await assert.rejects(startManual(path), { code: 'state_unreadable' })
      const content = JSON.parse(text)
      await writeFile(path, JSON.stringify({ ...content, head: { ...content.head, number: 2 } }))
      await assert.rejects(startManual(path), { code: 'state_unreadable' })
      await writeFile(path, text)
      const chain = await connectLocalChain((await start(path)).url)
      assert.equal((await chain.head()).number, 3)
    }))

  it('answers for what it keeps, and names what it dropped', () =>
    withFolder(async (folder) => {
      const path = join(folder, 'chain.json')
      const retention = { states: 5, blocks: 12 }
      const genesis = [subnet({}), registration('a')]
      let server = await start(path, { retention, genesis })
      const admin = localAdmin(server.url)
      const chain = await connectLocalChain(server.url)
      const [one] = [await chain.blockAt(0)]
      await admin.newBlocks(3)
      const old = await chain.blockAt(1)
      for (let block = 4; block <= 30; block++) {
        await admin.call(stake('a', block))
        await admin.newBlocks(1)
      }
      for (let round = 0; round < 2; round++) {
        for (let number = 26; number <= 28; number++) {
          const at = await chain.blockAt(number)
          const { neurons } = await chain.metagraph(NETUID, at)
          assert.equal(neurons[0]!.stakeRao, BigInt(number))
        }
        const discarded = { code: 'StateDiscarded' }
        await assert.rejects(chain.metagraph(NETUID, await chain.blockAt(25)), discarded)
        await assert.rejects(chain.metagraph(NETUID, old), discarded)
        await assert.rejects(chain.blockAt(18), discarded)
        await assert.rejects(chain.blockAt(one!.number), discarded)
        await assert.rejects(chain.inclusion('0'.repeat(64), { from: 18, to: 28 }), discarded)
        assert.equal((await chain.blockAt(19)).number, 19)
        assert.equal(await chain.inclusion('0'.repeat(64), { from: 19, to: 28 }), null)
        const forged = { number: 28, hash: '0'.repeat(64) }
        await assert.rejects(chain.metagraph(NETUID, forged), { code: 'UnknownBlock' })
        await stop(server)
        server = await start(path, { retention, port: Number(new URL(server.url).port) })
      }
    }))

  it('gives permits to the largest stakes, and to whom the admin says', () =>
    withFolder(async (folder) => {
      const names = ['a', 'b', 'c', 'd']
      const genesis = [subnet({ maxValidators: 2 }), ...names.map(registration)]
      const server = await start(join(folder, 'chain.json'), { genesis })
      const admin = localAdmin(server.url)
      const chain = await connectLocalChain(server.url)
      const permits = async () => {
        await admin.newBlocks(1)
        const { neurons } = await chain.metagraph(NETUID)
        return neurons.map((neuron) => neuron.validatorPermit)
      }
      assert.deepEqual(await permits(), [false, false, false, false])
      for (const name of names) await admin.call(stake(name, name === 'c' ? 9 : 5))
      assert.deepEqual(await permits(), [true, false, true, false])
      const force = (name: string, permit: boolean | null) =>
        admin.call({ name: 'setPermit', netuid: NETUID, hotkey: hotkey(name), permit })
      await force('d', true)
      await force('c', false)
      assert.deepEqual(await permits(), [true, false, false, true])
      await force('c', null)
      assert.deepEqual(await permits(), [true, false, true, true])
    }))

  it('makes room on a full subnet: outside immunity, least stake, oldest', () =>
    withFolder(async (folder) => {
      const genesis = [subnet({ maxUids: 3, immunityPeriod: 10 })]
      const server = await start(join(folder, 'chain.json'), { genesis })
      const admin = localAdmin(server.url)
      const chain = await connectLocalChain(server.url)
      const register = async (name: string) => {
        await admin.call(registration(name))
        await admin.newBlocks(1)
        return (await chain.metagraph(NETUID)).neurons.map((neuron) => neuron.hotkey)
      }
      await register('a')
      await register('b')
      assert.deepEqual(await register('c'), ['a', 'b', 'c'].map(hotkey))
      await assert.rejects(register('c'), { code: 'HotKeyAlreadyRegisteredInSubNet' })
      // All immune: the least stake, then the oldest.
      await admin.call(stake('a', 1))
      assert.deepEqual(await register('d'), ['a', 'd', 'c'].map(hotkey))
      // Block 14: a (block 1) and c (3) have lost immunity, d (4) just has too, at 14 - 4 = 10.
      await admin.newBlocks(8)
      assert.deepEqual(await register('e'), ['a', 'd', 'e'].map(hotkey))
      const { neurons } = await chain.metagraph(NETUID)
      assert.equal(neurons[2]!.registeredBlock, neurons[2]!.lastUpdate)
      assert.equal(neurons[0]!.stakeRao, 1n)
    }))

  it('takes an axon on loopback only when told to', () =>
    withFolder(async (folder) => {
      const genesis = [subnet({}), registration('a')]
      const options = { genesis, allowLoopback: true }
      const server = await start(join(folder, 'chain.json'), options)
      const chain = await connectChain({ network: 'local', endpoint: server.url })
      assert.equal(chain.allowsLoopbackAxons, true)
      const address = { ip: '127.0.0.1', port: 8091 }
      const serving = chain.serveAxon(testSigner('a'), NETUID, address)
      let served = false
      serving.then(() => (served = true))
      while (!served) await localAdmin(server.url).newBlocks(1)
      assert.equal(await serving, 'served')
      assert.deepEqual((await chain.metagraph(NETUID)).neurons[0]!.axon, address)
    }))

  it('refuses what is no call of its own', () =>
    withFolder(async (folder) => {
      const server = await start(join(folder, 'chain.json'))
      const post = async (body: string, type = 'application/json') => {
        const headers = { 'content-type': type }
        const response = await fetch(server.url, { method: 'POST', headers, body })
        return ((await response.json()) as { error?: { code: string } }).error?.code
      }
      assert.equal(await post('{"method":"head"}'), undefined)
      assert.equal(await post('{"method":"head"}', 'text/plain'), 'bad_request')
      assert.equal(await post('{'), 'bad_request')
      assert.equal(await post('{"method":"constructor"}'), 'bad_request')
      assert.equal(await post('{"method":"blockAt","params":{"number":-1}}'), 'bad_request')
      assert.equal(await post('{"method":"head","params":{"x":1}}'), 'bad_request')
      const huge = JSON.stringify({ method: 'submit', params: { bytes: '0'.repeat(2 << 20) } })
      assert.equal(await post(huge), 'bad_request')
      const submit = { method: 'submit', params: { bytes: 'ff00' } }
      assert.equal(await post(JSON.stringify(submit)), 'BadProof')
    }))

  it('gives every call a deadline, and names what is no local chain', async () => {
    const silent = createServer((req, res) => {
      if (req.url === '/') return
      res.writeHead(200).end('{"hello":1}')
    })
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    try {
      const slow = connectLocalChain(url, { deadlineMs: 50 })
      await assert.rejects(slow, { code: 'chain_timeout', retryable: true })
      await assert.rejects(connectLocalChain(`${url}/other`), { code: 'bad_chain_answer' })
    } finally {
      silent.closeAllConnections()
      silent.close()
    }
  })
})
