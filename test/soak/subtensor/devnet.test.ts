import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectChain } from '../../../chain/connect.js'
import { coldkeyAddress, loadHotkey } from '../../../chain/wallet/wallet.js'
import { runCli } from '../../cli/run-cli.js'
import { BIN } from '../../support/bin.js'
import { requireSpecOf } from '../../support/subtensor.js'
import { type Devnet, startDevnet } from './devnet-process.js'

const TAO = 10n ** 9n

describe('fractal devnet', () => {
  let folder: string
  let devnet: Devnet | null = null

  before(async function () {
    await requireSpecOf(this)
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-devnet-'))
  })
  afterEach(async () => {
    await devnet?.stop()
    devnet = null
  })
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  it('has a subnet with a staked verifier and provers, and says how to join in', async function () {
    this.timeout(240_000)
    devnet = await startDevnet(folder, ['--devnet.provers', '3', '--devnet.tempo', '11'])
    const { env, printed } = devnet
    assert.equal((await stat(devnet.envFile)).mode & 0o777, 0o600)
    const [netuid, walletPath] = [Number(env.FRACTAL_NETUID), env.FRACTAL_WALLET_PATH!]
    const chain = await connectChain({
      network: env.FRACTAL_SUBTENSOR_NETWORK!,
      endpoint: env.FRACTAL_SUBTENSOR_CHAIN_ENDPOINT,
    })
    const hotkeys: string[] = []
    try {
      const { neurons } = await chain.metagraph(netuid)
      for (const name of ['verifier', 'prover-1', 'prover-2', 'prover-3']) {
        const wallet = { path: walletPath, name, hotkey: 'default' }
        hotkeys.push((await loadHotkey(wallet)).ss58)
        const neuron = neurons.find(({ hotkey }) => hotkey === hotkeys.at(-1))
        assert.equal(neuron?.coldkey, await coldkeyAddress(wallet), name)
        assert.ok(printed.includes(`--wallet.name ${name}`), name)
        const isVerifier = name === 'verifier'
        assert.equal(neuron!.stakeRao >= 9000n * TAO, isVerifier, `${name} has ${neuron!.stakeRao}`)
      }
      assert.equal((await chain.subnetParams(netuid)).tempo, 11)
      const { number } = await chain.finalized()
      while ((await chain.finalized()).number === number) await sleep(50)
    } finally {
      await chain.close()
    }
    const { genesisHash } = chain
    assert.equal(await devnet.stop(), 0, 'Ctrl-C ends it')

    devnet = await startDevnet(folder, ['--devnet.commit_reveal'])
    const again = await connectChain({
      network: 'devnet',
      endpoint: devnet.env.FRACTAL_SUBTENSOR_CHAIN_ENDPOINT,
    })
    try {
      assert.notEqual(again.genesisHash, genesisHash, 'a new chain')
      const { neurons } = await again.metagraph(netuid)
      const kept = hotkeys.slice(0, 3)
      assert.deepEqual(
        neurons.slice(1).map(({ hotkey }) => hotkey),
        kept,
        'the same wallets',
      )
      assert.equal((await again.subnetParams(netuid)).commitReveal, true)
    } finally {
      await again.close()
    }
  })

  it('is refused without the chain spec, saying how to get it', async () => {
    const env = { SUBTENSOR_SPEC: path.join(folder, 'none.json') }
    const { code, stderr } = await runCli(['devnet', '--devnet.port', '0'], {
      cwd: folder,
      env,
      bin: BIN,
    })
    assert.equal(code, 1)
    assert.match(stderr, /^fractal: the chain spec of Subtensor's runtime is missing\n/)
    assert.match(stderr, /scripts\/specs\/raonet\.json .*sha256 [0-9a-f]{64}.*SUBTENSOR_SPEC/)
    assert.doesNotMatch(stderr, /\n +at /)
    await assert.rejects(readFile(path.join(folder, '.fractal/devnet/demo.lock')))
  })
})
