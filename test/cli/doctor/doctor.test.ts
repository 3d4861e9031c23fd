import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TEMPORAL_OPTIONS } from '../../../base/options/groups.js'
import { resolveOptions } from '../../../base/options/options.js'
import { WalletError } from '../../../chain/errors.js'
import { axonFacts } from '../../../cli/doctor/axon-facts.js'
import { diskFreeBytes, isClockSynchronized, listGpus } from '../../../cli/doctor/machine-facts.js'
import { probeTemporal } from '../../../cli/doctor/probes.js'
import type { Requirement } from '../../../cli/doctor/requirement.js'
import { requirementsOf } from '../../../cli/doctor/requirements.js'
import { DOCTOR_ROLES, type DoctorRole, type RoleFacts } from '../../../cli/doctor/role-facts.js'
import { roleRows } from '../../../cli/doctor/role-rows.js'
import { type CudaPackage, LIBRARIES } from '../../../engine/cuda/packages.js'
import { useTemporal } from '../../support/temporal.js'
import { runCli } from '../run-cli.js'

const ADDRESS = '5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV'
const KEY = { file: '/w', address: ADDRESS, permissions: '0600', fix: null, problem: null }
const REFUSED = { failed: 'it is away', hint: 'start it' }

const found = (needed: CudaPackage) => ({ needed, found: [], missing: [] })
const lost = (needed: CudaPackage) => ({ needed, found: [], missing: needed.libraries })

const PLACE = { uid: 3, isPermitted: true, isStaked: true }
const CHAIN = { head: 100, neuron: PLACE, keepsStates: true, statesBack: 180 }

/** A machine that lacks nothing. */
const MACHINE: RoleFacts = {
  node: 'v20.19.0',
  cores: 8,
  memoryBytes: 16.7e9,
  diskFreeBytes: 64e9,
  stateDir: '.fractal',
  device: 'cuda',
  gpus: [{ name: 'NVIDIA GeForce RTX 3090', driver: '580.1', memoryMib: 24576 }],
  cuda: { provider: 'pinned', packages: LIBRARIES.map(found) },
  servers: null,
  clockSynchronized: true,
  model: { ok: { root: 'ab'.repeat(32), described: true, needsMib: 6600, byTurnsMib: 3300 } },
  engine: { ok: 'ort=1;gpu=NVIDIA-GeForce-RTX-3090' },
  wallet: { hotkey: KEY, coldkey: { ...KEY, secret: 'absent' } },
  netuid: 7,
  network: 'finney',
  chain: { ok: CHAIN },
  axon: {
    host: '0.0.0.0',
    port: 8091,
    listening: 'free',
    external: { ip: '8.8.4.4', port: 8091 },
    refused: null,
    notPublic: null,
    runPod: null,
  },
  published: null,
  database: { ok: '18.4' },
  temporal: { ok: 'default' },
}

describe('what a role needs', () => {
  const states = (list: readonly Requirement[], state: string) =>
    list.filter((each) => each.state === state).map(({ name }) => name)
  const proverLacks = (facts: Partial<RoleFacts>) =>
    states(requirementsOf('prover', { ...MACHINE, ...facts }), 'missing')
  const verifierLacks = (facts: Partial<RoleFacts>) =>
    states(requirementsOf('verifier', { ...MACHINE, axon: null, ...facts }), 'missing')

  it('is all there on a machine that lacks nothing, but for what can’t be seen from it', () => {
    assert.deepEqual(proverLacks({}), [])
    assert.deepEqual(verifierLacks({}), [])
    assert.deepEqual(states(requirementsOf('prover', MACHINE), 'unknown'), ['from outside'])
    assert.deepEqual(states(requirementsOf('verifier', { ...MACHINE, axon: null }), 'unknown'), [])
  })

  it('is missed by each thing that lacks, and by the role’s own measure', () => {
    const { hotkey } = MACHINE.wallet
    const problem = new WalletError('wallet_encrypted', 'it is encrypted')
    const gpu = MACHINE.gpus[0]!
    const cuda = MACHINE.cuda!
    const cases: [facts: Partial<RoleFacts>, prover: string[], verifier?: string[]][] = [
      [{ node: 'v20.18.9' }, ['Node.js']],
      [{ node: 'v22.0.0' }, []],
      [{ cores: 7 }, ['cores']],
      [{ memoryBytes: 7.9e9 }, ['memory']],
      [{ memoryBytes: 8.1e9 }, [], ['memory']],
      [{ diskFreeBytes: 63.9e9 }, [], ['disk, at .fractal']],
      [{ diskFreeBytes: 31.9e9 }, ['disk, at .fractal']],
      [{ gpus: [] }, ['GPU']],
      [{ gpus: [{ ...gpu, memoryMib: 3200 }] }, ['GPU']],
      [{ gpus: [{ ...gpu, memoryMib: 6000 }] }, []],
      [{ gpus: [{ ...gpu, name: 'Tesla T4', memoryMib: 6000 }, gpu] }, []],
      [{ gpus: [{ ...gpu, driver: '560.35.03' }] }, ['NVIDIA driver']],
      [{ cuda: { ...cuda, provider: 'missing' } }, ['onnxruntime’s CUDA provider']],
      [{ cuda: { ...cuda, provider: 'other' } }, []],
      [{ cuda: { ...cuda, packages: LIBRARIES.map(lost) } }, LIBRARIES.map(({ what }) => what)],
      [{ gpus: [], cuda: null, device: 'cpu' }, []],
      [{ model: REFUSED, engine: null }, ['model folder']],
      [
        { model: { ok: { root: 'ab', described: false, needsMib: 0, byTurnsMib: 0 } } },
        [],
        ['model folder'],
      ],
      [{ engine: REFUSED }, ['engine']],
      [{ clockSynchronized: false }, ['clock']],
      [{ clockSynchronized: null }, []],
      [{ wallet: { ...MACHINE.wallet, hotkey: { ...hotkey, problem } } }, ['hotkey']],
      [{ wallet: { hotkey, coldkey: { ...KEY, secret: 'plain' } } }, []],
      [{ chain: REFUSED }, ['chain (finney)']],
      [{ chain: { ok: { ...CHAIN, neuron: null } } }, ['registration']],
      [{ chain: { ok: { ...CHAIN, neuron: { ...PLACE, isPermitted: false } } } }, [], ['permit']],
      [{ chain: { ok: { ...CHAIN, neuron: { ...PLACE, isStaked: false } } } }, [], ['stake']],
      [{ chain: { ok: { ...CHAIN, keepsStates: false } } }, [], ['chain states']],
      [{ database: REFUSED }, [], ['PostgreSQL']],
      [{ temporal: REFUSED }, [], ['Temporal']],
    ]
    for (const [facts, prover, verifier = prover] of cases) {
      assert.deepEqual(proverLacks(facts), prover, JSON.stringify(facts))
      assert.deepEqual(verifierLacks(facts), verifier, JSON.stringify(facts))
    }
  })

  it('is no GPU and no model folder where model servers are named', () => {
    const served = { gpus: [], cuda: null, servers: 2 }
    assert.deepEqual(proverLacks(served), [])
    assert.deepEqual(verifierLacks(served), [])
    assert.deepEqual(proverLacks({ ...served, model: REFUSED, engine: REFUSED }), ['model servers'])
    const names = requirementsOf('prover', { ...MACHINE, ...served }).map(({ name }) => name)
    assert.ok(!names.includes('GPU') && names.includes('the servers’ model'), names.join())
  })

  it('is there with NVIDIA’s libraries of another version, and with a GPU for one network at a time', () => {
    const cudnn = LIBRARIES.find(({ name }) => name === 'nvidia-cudnn-cu13')!
    const of = (version: string | null) => ({
      ...{ needed: cudnn, missing: [] },
      found: [{ library: 'libcudnn.so.9', path: '/lib/libcudnn.so.9', version }],
    })
    const row = (version: string | null) =>
      requirementsOf('prover', {
        ...MACHINE,
        cuda: { provider: 'pinned', packages: [of(version)] },
      }).find(({ name }) => name === cudnn.what)!
    for (const pinned of ['9.19.0', '9.19.0.56', null]) assert.equal(row(pinned).todo, null)
    for (const other of ['9.14.0', '9.1', '9.19.1']) {
      assert.equal(row(other).state, 'ok')
      assert.match(row(other).todo!, /^Not 9\.19\.0\.56, .* cuda install --libraries all/)
    }
    // Wan 2.1 on a 3090.
    const model = { ok: { root: 'ab', described: true, needsMib: 30_800, byTurnsMib: 11_500 } }
    const gpu = requirementsOf('prover', { ...MACHINE, model }).find(({ name }) => name === 'GPU')!
    assert.deepEqual(
      [gpu.state, gpu.needed],
      ['ok', 'NVIDIA, 30.1 GiB for this model, or 11.2 with one network open at a time'],
    )
    assert.match(gpu.todo!, /one network at a time/)
  })

  it('of a prover is a port, and an address that others reach', () => {
    const axon = MACHINE.axon!
    const lacks = (more: Partial<typeof axon>) => proverLacks({ axon: { ...axon, ...more } })
    assert.deepEqual(lacks({ listening: 'prover' }), [])
    for (const listening of ['taken', 'refused'] as const) {
      assert.deepEqual(lacks({ listening }), ['axon 0.0.0.0:8091'])
    }
    const loopback = { external: { ip: '127.0.0.1', port: 1 }, notPublic: 'it is loopback' }
    assert.deepEqual(lacks({ ...loopback, refused: 'verifiers refuse it' }), ['address'])
    assert.deepEqual(lacks(loopback), [])
    assert.deepEqual(lacks({ runPod: { publicIp: '8.8.4.4', tcpPort: 8091 } }), [])
    assert.deepEqual(lacks({ runPod: { publicIp: '8.8.4.4', tcpPort: 10_030 } }), ['RunPod'])
    assert.deepEqual(lacks({ runPod: { publicIp: '8.8.4.4', tcpPort: null } }), ['RunPod'])
    const told = requirementsOf('prover', {
      ...MACHINE,
      axon: { ...axon, runPod: { publicIp: '8.8.8.8', tcpPort: 10_030 } },
    }).find(({ name }) => name === 'RunPod')
    assert.equal(told?.todo, 'Give --axon.external_ip 8.8.8.8 --axon.external_port 10030.')
  })

  it('is for each role what that role needs, in one table', () => {
    const names = (role: DoctorRole) => requirementsOf(role, MACHINE).map(({ name }) => name)
    assert.ok(names('inference-worker').includes('permit'))
    for (const name of ['GPU', 'engine', 'model folder', 'from outside']) {
      assert.ok(!names('inference-worker').includes(name), name)
    }
    for (const name of ['hotkey', 'permit', 'registration', 'clock']) {
      assert.ok(!names('gpu-worker').includes(name) && !names('api').includes(name), name)
    }
    assert.deepEqual(names('api').slice(-2), ['PostgreSQL', 'Temporal'])
    assert.ok(!names('prover').includes('PostgreSQL'))
    const facts = { ...MACHINE, cores: 3, memoryBytes: 2e9 }
    const rows = roleRows(
      (['prover', 'api'] as const).map((role) => ({
        role,
        requirements: requirementsOf(role, facts),
      })),
    )
    const row = (name: string) => rows.find(([first]) => first === name)
    assert.deepEqual(row('cores'), ['cores', '3', 'missing: 8', 'ok'])
    assert.deepEqual(row('memory'), ['memory', '2 GB', 'missing: 8 GB', 'ok'])
    assert.deepEqual(row('PostgreSQL'), ['PostgreSQL', '18.4', '–', 'ok'])
    assert.deepEqual(row('hotkey')!.slice(2), ['ok', '–'])
    assert.equal(new Set(rows.map(([name]) => name)).size, rows.length)
  })

  it('comes with what to do wherever it lacks', () => {
    const nothing: RoleFacts = {
      ...MACHINE,
      cores: 1,
      memoryBytes: 0,
      diskFreeBytes: 0,
      gpus: [],
      cuda: { provider: 'missing', packages: LIBRARIES.map(lost) },
      clockSynchronized: false,
      model: REFUSED,
      chain: REFUSED,
      database: REFUSED,
      temporal: REFUSED,
    }
    for (const role of DOCTOR_ROLES) {
      for (const { name, state, todo } of requirementsOf(role, nothing)) {
        assert.ok(state !== 'missing' || todo !== null, `${role}: ${name}`)
      }
    }
  })
})

describe('what is looked at on this machine', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-doctor-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  async function program(name: string, prints: string): Promise<string> {
    const path = join(folder, name)
    await writeFile(path, `#!/bin/sh\nprintf '${prints}'\n`)
    await chmod(path, 0o755)
    return path
  }

  it('are its GPUs, as nvidia-smi prints them', async () => {
    const two = 'NVIDIA GeForce RTX 3090, 550.1, 24576\\nTesla T4, 550.1, 15360\\n'
    assert.deepEqual(await listGpus(await program('smi', two)), [
      { name: 'NVIDIA GeForce RTX 3090', driver: '550.1', memoryMib: 24576 },
      { name: 'Tesla T4', driver: '550.1', memoryMib: 15360 },
    ])
    assert.deepEqual(await listGpus(await program('none', 'No devices were found\\n')), [])
    assert.deepEqual(await listGpus(join(folder, 'absent')), [])
  })

  it('is its clock, where somebody says', async () => {
    assert.equal(await isClockSynchronized(await program('yes', 'yes\\n')), true)
    assert.equal(await isClockSynchronized(await program('no', 'no\\n')), false)
    assert.equal(await isClockSynchronized(join(folder, 'absent')), null)
  })

  it('is its disk, also where the folder is still to be made', async () => {
    assert.ok((await diskFreeBytes(join(folder, 'not', 'yet'))) > 0)
  })

  it('is its axon’s port, free or held, and what RunPod says of it', async () => {
    const prover = createServer((_req, res) => res.end('{"determinism_class":"x"}'))
    const other = createServer((_req, res) => res.end('{}'))
    try {
      for (const server of [prover, other]) {
        server.listen(0, '127.0.0.1')
        await once(server, 'listening')
      }
      const at = (server: typeof prover) => (server.address() as AddressInfo).port
      const wish = { host: '127.0.0.1', externalIp: undefined, externalPort: undefined }
      const held = await axonFacts({ ...wish, port: at(prover) }, true, {})
      assert.deepEqual([held.listening, held.runPod], ['prover', null])
      assert.match(held.notPublic!, /loopback/)
      const strict = await axonFacts({ ...wish, port: at(other) }, false, {})
      assert.equal(strict.listening, 'taken')
      // What the prover says at its start, whatever the network: nobody reaches where it listens.
      assert.match(strict.refused!, /verifiers refuse --axon\.host 127\.0\.0\.1: it is loopback/)
      assert.equal(held.refused, null)
      const everywhere = await axonFacts({ ...wish, host: '0.0.0.0', port: 0 }, true, {})
      assert.match(everywhere.refused!, /--axon\.host 0\.0\.0\.0 says where to listen/)
      const env = {
        RUNPOD_POD_ID: 'x',
        RUNPOD_PUBLIC_IP: '8.8.8.8',
        RUNPOD_TCP_PORT_70000: '10030',
      }
      const free = await axonFacts(
        { ...wish, port: 0, externalIp: '8.8.8.8', externalPort: 9 },
        false,
        env,
      )
      assert.deepEqual(free, {
        host: '127.0.0.1',
        port: 0,
        listening: 'free',
        external: { ip: '8.8.8.8', port: 9 },
        refused: null,
        notPublic: null,
        runPod: { publicIp: '8.8.8.8', tcpPort: null },
      })
      const elsewhere = { ...wish, host: '192.0.2.1', port: 0 }
      assert.equal((await axonFacts(elsewhere, false, {})).listening, 'refused')
    } finally {
      prover.close()
      other.close()
    }
  })
})

describe('what is found of Temporal', () => {
  const temporal = useTemporal()

  it('is its namespace, or that it has none of that name', async () => {
    const look = (namespace: string) =>
      probeTemporal(
        resolveOptions(
          TEMPORAL_OPTIONS,
          { 'temporal.address': temporal().address, 'temporal.namespace': namespace },
          {},
        ),
      )
    assert.deepEqual(await look('default'), { ok: 'default' })
    const none = await look('nobody-made-it')
    assert.ok('failed' in none)
    assert.match(none.failed, /^Temporal at [\d.:]+ has no namespace nobody-made-it$/)
    assert.match(none.hint!, /namespace create -n nobody-made-it/)
  })
})

describe('fractal doctor --role', function () {
  this.timeout(240_000)

  it('prints what lacks, and ends with 1', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fractal-doctor-'))
    try {
      const env = {
        FRACTAL_WALLET_PATH: folder,
        FRACTAL_SUBTENSOR_CHAIN_ENDPOINT: 'http://127.0.0.1:1',
        DATABASE_URL: 'postgres://127.0.0.1:1/x',
        TEMPORAL_ADDRESS: '127.0.0.1:1',
      }
      const doctor = (...args: string[]) => runCli(['doctor', '--device', 'cpu', ...args], { env })
      const [verifier, prover, served, all, bad, ...misused] = await Promise.all([
        doctor('--role', 'verifier', '--json'),
        doctor('--role', 'prover', '--axon.port', '0'),
        doctor('--role', 'prover', '--neuron.model_endpoint', 'http://127.0.0.1:1'),
        doctor('--role', 'all'),
        doctor('--role', 'king'),
        doctor('--role', 'verifier', '--api', 'http://127.0.0.1:1'),
        doctor('--role', 'prover', '--api', 'api.example'),
      ])
      assert.equal(verifier.code, 1, verifier.stderr)
      const { role, ok, requirements } = JSON.parse(verifier.stdout)
      assert.deepEqual([role, ok], ['verifier', false])
      const stateOf = Object.fromEntries(
        requirements.map((each: Requirement) => [each.name, each.state]),
      )
      for (const name of ['hotkey', 'chain (local)', 'PostgreSQL', 'Temporal']) {
        assert.equal(stateOf[name], 'missing', name)
      }
      for (const name of ['Node.js', 'model folder', 'engine']) assert.equal(stateOf[name], 'ok')
      assert.match(verifier.stderr, /^fractal: A verifier lacks: .*hotkey; .*Temporal\.\n$/)

      assert.equal(prover.code, 1, prover.stderr)
      assert.match(prover.stdout, /^from outside +unknown /m)
      assert.match(prover.stdout, /^hotkey: there is no key file .*\n {2}Check --wallet\.path/m)
      assert.match(
        served.stdout,
        /^model servers: No model server answers at .*:1: .*\n {2}Start one/m,
      )
      assert.deepEqual([bad.code, bad.stdout], [2, ''])
      assert.equal(all.code, 1, all.stderr)
      assert.match(
        all.stdout,
        /^requirement +found +prover +verifier +inference-worker +gpu-worker +api$/m,
      )
      assert.match(all.stdout, /^Temporal +.* – {2,}missing.* missing.* missing.* missing/m)
      assert.match(
        all.stdout,
        /^Temporal: no Temporal at 127\.0\.0\.1:1: .*\S\n {2}Start Temporal/m,
      )
      assert.match(
        all.stderr,
        /^fractal: A prover lacks: .*\nA verifier lacks: .*\nAn inference-worker lacks: /,
      )
      assert.match(bad.stderr, /^fractal: --role takes prover, verifier, .*, once each, or all\./)
      assert.match(misused[0]!.stderr, /^fractal: --api is for --role prover\./)
      assert.match(misused[1]!.stderr, /^fractal: --api takes one address/)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
