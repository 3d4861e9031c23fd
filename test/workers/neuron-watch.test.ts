import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { connectLocalChain } from '../../chain/local/adapter.js'
import { createWallet } from '../../chain/wallet/create.js'
import { freePort } from '../../dev/process/ports.js'
import { INFERENCE_OPTIONS, runInferenceWorker } from '../../workers/roles/inference.js'
import { PROVER_OPTIONS, runProver } from '../../workers/roles/prover.js'
import { runVerifier, VERIFIER_OPTIONS } from '../../workers/roles/verifier.js'
import { testSigner } from '../chain/keys.js'
import { SILENT } from '../chain/local-harness.js'
import { until } from '../support/until.js'
import { useRoleSite } from './role-site.js'

/** Blocks come by a clock, or not at all: that is looked at elsewhere. */
const PATIENT = { 'health.block_seconds': 3600 }

describe('a process and its own neuron', function () {
  this.timeout(240_000)
  const site = useRoleSite()
  const green = (port: number) =>
    until('everything to be green', async () => (await site().readyz(port))[0] === 200)
  const neuronOf = async (hotkey: string) => {
    const chain = await connectLocalChain(site().chainUrl)
    const { neurons } = await chain.metagraph(site().netuid)
    return neurons.find((neuron) => neuron.hotkey === hotkey)
  }
  const params = async (changes: object) => {
    await site().admin.call({ name: 'setParams', netuid: site().netuid, params: changes })
    await site().admin.newBlocks(1)
  }

  it('a prover that was pruned by a newcomer and registered again serves its axon again', async () => {
    site().mine()
    const { hotkey } = site().wallets.prover!
    const port = await freePort()
    const own = { 'wallet.name': 'prover', 'axon.port': port, 'state.dir': site().folder }
    site().running.push(
      await runProver(site().options(PROVER_OPTIONS, { ...own, ...PATIENT }), SILENT),
    )
    await green(port)
    assert.deepEqual((await neuronOf(hotkey))?.axon, { ip: '127.0.0.1', port })

    await params({ maxUids: 2, immunityPeriod: 0, servingRateLimit: 0 })
    const [newcomer, coldkey] = ['a newcomer', 'its coldkey'].map((name) => testSigner(name).ss58)
    await site().admin.call({
      ...{ name: 'register', netuid: site().netuid, hotkey: newcomer!, coldkey: coldkey! },
    })
    assert.match(await site().red(port, 'neuron'), /not registered on subnet 3/)
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    assert.match(metrics, /^fractal_neuron_registered\{role="prover"\} 0$/m)

    await site().register('prover')
    await green(port)
    assert.deepEqual((await neuronOf(hotkey))?.axon, { ip: '127.0.0.1', port })
    await params({ maxUids: 256, immunityPeriod: 4096 })
  })

  it('a verifier and an inference worker say that their permit is gone; an owner needs none', async () => {
    const { hotkey } = site().wallets.verifier!
    const ports = [await freePort(), await freePort()] as const
    const [verifier, worker] = ports.map((port) => ({ 'health.port': port, ...PATIENT }))
    site().running.push(
      await runVerifier(site().options(VERIFIER_OPTIONS, verifier!), SILENT),
      await runInferenceWorker(site().options(INFERENCE_OPTIONS, worker!), SILENT),
    )
    for (const port of ports) await green(port)
    const setPermit = async (permit: boolean | null) => {
      await site().admin.call({ name: 'setPermit', netuid: site().netuid, hotkey, permit })
      await site().admin.newBlocks(1)
    }
    await setPermit(false)
    for (const port of ports) {
      assert.match(await site().red(port, 'neuron'), /no validator permit on subnet 3/)
    }
    await params({ ownerHotkey: hotkey })
    for (const port of ports) await green(port)
    await params({ ownerHotkey: null })
    for (const port of ports) await site().red(port, 'neuron')
    await setPermit(null)
    for (const port of ports) await green(port)
  })

  it('a verifier says that its stake is gone; an inference worker, and an owner, need none', async () => {
    const { hotkey } = site().wallets.verifier!
    const ports = [await freePort(), await freePort()] as const
    const [verifier, worker] = ports.map((port) => ({ 'health.port': port, ...PATIENT }))
    site().running.push(
      await runVerifier(site().options(VERIFIER_OPTIONS, verifier!), SILENT),
      await runInferenceWorker(site().options(INFERENCE_OPTIONS, worker!), SILENT),
    )
    for (const port of ports) await green(port)
    await params({ minStakeRao: '1500000000' })
    const why = await site().red(ports[0], 'neuron')
    assert.match(why, /less stake than the 1\.5 that weights need on subnet 3: add stake$/)
    const metrics = await (await fetch(`http://127.0.0.1:${ports[0]}/metrics`)).text()
    assert.match(metrics, /^fractal_neuron_staked\{role="verifier"\} 0$/m)
    assert.equal((await site().readyz(ports[1]))[0], 200)
    await params({ ownerHotkey: hotkey })
    await green(ports[0])
    await params({ ownerHotkey: null })
    await site().red(ports[0], 'neuron')
    await params({ minStakeRao: '0' })
    await green(ports[0])
  })

  it('a prover whose hotkey is not registered does not start', async () => {
    const path = `${site().folder}/wallets`
    await createWallet({ path, name: 'stranger', hotkey: 'default', overwrite: false })
    const own = { 'wallet.name': 'stranger', 'axon.port': 0, 'model.dir': '/nowhere' }
    await assert.rejects(runProver(site().options(PROVER_OPTIONS, own), SILENT), {
      code: 'HotKeyNotRegisteredInSubNet',
    })
  })

  it('a prover that can’t listen, or whose address nobody reaches, says so before it loads a model', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const own = { 'wallet.name': 'prover', 'axon.port': port, 'model.dir': '/nowhere' }
    const start = (more: object) =>
      runProver(site().options(PROVER_OPTIONS, { ...own, ...more }), SILENT)
    await assert.rejects(start({}), { code: 'port_taken' })
    server.close()
    await assert.rejects(start({ 'axon.host': '0.0.0.0' }), { code: 'axon_address' })
    await assert.rejects(start({ 'axon.host': '192.0.2.1' }), { code: 'axon_address' })
  })
})
