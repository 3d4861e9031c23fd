import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type OptionName, resolveOptions } from '../../../base/options/options.js'
import { type LocalAdmin, localAdmin } from '../../../chain/local/admin-client.js'
import { createWallet } from '../../../chain/wallet/create.js'
import type { RunningLocalnet } from '../../../dev/localnet/server.js'
import { freePort } from '../../../dev/process/ports.js'
import { INFERENCE_OPTIONS, runInferenceWorker } from '../../../workers/roles/inference.js'
import { PROVER_OPTIONS, runProver } from '../../../workers/roles/prover.js'
import { runVerifier, VERIFIER_OPTIONS } from '../../../workers/roles/verifier.js'
import type { Running } from '../../../workers/running.js'
import { SILENT, startManual } from '../../chain/local-harness.js'
import { useDatabase } from '../../support/postgres.js'
import { type Relay, startRelay } from '../../support/relay.js'
import { makeNamespace, useTemporal } from '../../support/temporal.js'
import { until } from '../../support/until.js'

const NETUID = 3
const MODEL = fileURLToPath(new URL('../../fixtures/random-model/model', import.meta.url))
const GREEN = [200, { status: 'ready', reasons: [] }]

describe('the health of roles', function () {
  this.timeout(240_000)
  const database = useDatabase()
  const temporal = useTemporal()
  let folder: string
  let server: RunningLocalnet
  let admin: LocalAdmin
  let toPostgres: Relay
  let toTemporal: Relay
  let shared: Record<string, string | number | boolean>
  const running: Running[] = []

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-health-'))
    server = await startManual(path.join(folder, 'chain.json'), { allowLoopback: true })
    admin = localAdmin(server.url)
    await admin.call({ name: 'createSubnet', netuid: NETUID, params: {} })
    await admin.newBlocks(1)
    for (const name of ['verifier', 'prover']) {
      const wallet = { path: path.join(folder, 'wallets'), name, hotkey: 'default' }
      const { hotkey, coldkey } = await createWallet({ ...wallet, overwrite: false })
      await admin.call({ name: 'register', netuid: NETUID, hotkey, coldkey })
    }
    await admin.newBlocks(3)
    const url = new URL(database().url)
    toPostgres = await startRelay(url.hostname, Number(url.port))
    url.hostname = '127.0.0.1'
    url.port = String(toPostgres.port)
    const [host, port] = temporal().address.split(':') as [string, string]
    toTemporal = await startRelay(host, Number(port))
    shared = {
      netuid: NETUID,
      'subtensor.network': 'local',
      'subtensor.chain_endpoint': server.url,
      'wallet.path': path.join(folder, 'wallets'),
      'wallet.name': 'verifier',
      'database.url': url.href,
      'temporal.address': `127.0.0.1:${toTemporal.port}`,
      'temporal.namespace': await makeNamespace(temporal()),
      'model.dir': MODEL,
      device: 'cpu',
      profile: 'test',
      'health.block_seconds': 1,
    }
  })
  afterEach(async () => {
    toPostgres.restore()
    toTemporal.restore()
    await Promise.all(running.splice(0).map((role) => role.stop()))
  })
  after(async () => {
    await toPostgres?.close()
    await toTemporal?.close()
    await server?.close()
    await rm(folder, { recursive: true, force: true })
  })

  function options<N extends OptionName>(
    names: readonly N[],
    more: Record<string, string | number | boolean>,
  ) {
    const all = { ...shared, ...more }
    const given = Object.fromEntries(
      Object.entries(all).filter(([name]) => (names as readonly string[]).includes(name)),
    )
    return resolveOptions(names, given, {})
  }

  async function readyz(port: number) {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`)
    return [answer.status, await answer.json()] as [
      number,
      { status: string; reasons: { check: string; why: string }[] },
    ]
  }

  /** @returns why, once a check of this name is among the reasons */
  const red = (port: number, check: string) =>
    until(`${check} to be red`, async () => {
      const [status, { reasons }] = await readyz(port)
      const found = reasons.find((each) => each.check === check)
      return found !== undefined && status === 503 ? found.why : null
    })

  const green = (port: number) =>
    until('everything to be green', async () => {
      await admin.newBlocks(1)
      return (await readyz(port))[0] === 200
    })

  it('a verifier is red while no block lands, without Postgres, without Temporal', async () => {
    const port = await freePort()
    running.push(await runVerifier(options(VERIFIER_OPTIONS, { 'health.port': port }), SILENT))
    await green(port)
    assert.match(await red(port, 'chain'), /^no block for \d+ s$/)
    await green(port)
    toPostgres.cut()
    assert.equal(await red(port, 'postgres'), 'down')
    toPostgres.restore()
    await green(port)
    toTemporal.cut()
    assert.equal(await red(port, 'temporal'), 'down')
    toTemporal.restore()
    await green(port)
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    assert.match(text, /^fractal_chain_last_block_age_seconds\{role="verifier"\} [\d.]+$/m)
    assert.match(text, /^fractal_lease_held\{role="verifier"\} 1$/m)
    assert.match(text, /^fractal_worker_activities_in_flight\{role="verifier"\} \d+$/m)
  })

  it('a second verifier waits for the lease, says so, and is ready when it has it', async () => {
    const first = await runVerifier(options(VERIFIER_OPTIONS, {}), SILENT)
    running.push(first)
    const port = await freePort()
    const second = runVerifier(options(VERIFIER_OPTIONS, { 'health.port': port }), SILENT)
    second.then(
      (role) => running.push(role),
      () => undefined,
    )
    const why = await until('it to wait', async () => {
      const answer = await readyz(port).catch(() => null)
      return answer?.[1].reasons.find(({ check }) => check === 'lease')?.why
    })
    assert.match(why, /waits for the other deployment/)
    await first.stop()
    await second
    await green(port)
  })

  it('an inference worker looks at Postgres and Temporal, and is gone from its port once stopped', async () => {
    const port = await freePort()
    const role = await runInferenceWorker(
      options(INFERENCE_OPTIONS, { 'health.port': port }),
      SILENT,
    )
    running.push(role)
    await until('it to be ready', async () => (await readyz(port))[0] === 200)
    assert.deepEqual(await readyz(port), GREEN)
    toTemporal.cut()
    assert.equal(await red(port, 'temporal'), 'down')
    toTemporal.restore()
    toPostgres.cut()
    assert.equal(await red(port, 'postgres'), 'down')
    toPostgres.restore()
    await role.stop()
    await assert.rejects(readyz(port))
  })

  it('a prover is red on its own port while no block lands', async () => {
    const port = await freePort()
    const more = { 'wallet.name': 'prover', 'axon.port': port, 'state.dir': folder }
    const starting = runProver(
      options(PROVER_OPTIONS, { ...more, 'neuron.axon_off': true }),
      SILENT,
    )
    running.push(await starting)
    await green(port)
    assert.match(await red(port, 'chain'), /^no block for \d+ s$/)
    await green(port)
  })
})
