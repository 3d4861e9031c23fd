import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { type OptionName, resolveOptions } from '../../base/options/options.js'
import { type LocalAdmin, localAdmin } from '../../chain/local/admin-client.js'
import { createWallet } from '../../chain/wallet/create.js'
import type { RunningLocalnet } from '../../dev/localnet/server.js'
import type { Running } from '../../workers/running.js'
import { startManual } from '../chain/local-harness.js'
import { type Relay, startRelay } from '../support/gates/relay.js'
import { type TestDatabase, useDatabase } from '../support/postgres.js'
import { makeNamespace, type TestTemporal, useTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'

const MODEL = fileURLToPath(new URL('../fixtures/tiny-model/model', import.meta.url))

/** What is looked at every few blocks is looked at every second or so. */
const BLOCK_MS = 200

/** What `/readyz` answers: the status, and the body. */
export type ReadyAnswer = [number, { status: string; reasons: { check: string; why: string }[] }]

/** What roles need that are started in this process: a chain without a clock, stores behind relays, wallets. */
export class RoleSite {
  readonly netuid = 3
  /** Stopped after each test. */
  readonly running: Running[] = []
  folder!: string
  admin!: LocalAdmin
  namespace!: string
  toPostgres!: Relay
  toTemporal!: Relay
  /** ss58 of the hotkeys and coldkeys of the wallets `verifier` and `prover`, both registered. */
  readonly wallets: Record<string, { hotkey: string; coldkey: string }> = {}
  #server!: RunningLocalnet
  #shared!: Record<string, string | number | boolean>

  constructor(
    readonly database: TestDatabase,
    readonly temporal: TestTemporal,
  ) {}

  async start(): Promise<void> {
    const { database, temporal, netuid } = this
    this.folder = await mkdtemp(path.join(tmpdir(), 'fractal-roles-'))
    const statePath = path.join(this.folder, 'chain.json')
    this.#server = await startManual(statePath, { allowLoopback: true, blockMs: BLOCK_MS })
    this.admin = localAdmin(this.#server.url)
    await this.admin.call({ name: 'createSubnet', netuid, params: {} })
    await this.admin.newBlocks(1)
    for (const name of ['verifier', 'prover']) {
      const wallet = { path: path.join(this.folder, 'wallets'), name, hotkey: 'default' }
      const { hotkey, coldkey } = await createWallet({ ...wallet, overwrite: false })
      this.wallets[name] = { hotkey, coldkey }
      await this.register(name)
    }
    await this.admin.newBlocks(1)
    const hotkey = this.wallets.verifier!.hotkey
    // With it comes a permit.
    await this.admin.call({ name: 'setStake', netuid, hotkey, stakeRao: '1000000000' })
    await this.admin.newBlocks(2)
    const url = new URL(database.url)
    this.toPostgres = await startRelay(url.hostname, Number(url.port))
    url.hostname = '127.0.0.1'
    url.port = String(this.toPostgres.port)
    const [host, port] = temporal.address.split(':') as [string, string]
    this.toTemporal = await startRelay(host, Number(port))
    this.namespace = await makeNamespace(temporal)
    this.#shared = {
      netuid,
      'subtensor.network': 'local',
      'subtensor.chain_endpoint': this.#server.url,
      'wallet.path': path.join(this.folder, 'wallets'),
      'wallet.name': 'verifier',
      'database.url': url.href,
      'temporal.address': `127.0.0.1:${this.toTemporal.port}`,
      'temporal.namespace': this.namespace,
      'model.dir': MODEL,
      device: 'cpu',
      profile: 'test',
      'health.block_seconds': 1,
    }
  }

  async stop(): Promise<void> {
    await this.toPostgres?.close()
    await this.toTemporal?.close()
    await this.#server?.close()
    await rm(this.folder, { recursive: true, force: true })
  }

  get chainUrl(): string {
    return this.#server.url
  }

  /** Takes effect with the next block. */
  async register(name: string): Promise<void> {
    await this.admin.call({ name: 'register', netuid: this.netuid, ...this.wallets[name]! })
  }

  /** A role's options: those of all roles here, and `more`. */
  options<N extends OptionName>(
    names: readonly N[],
    more: Record<string, string | number | boolean>,
  ) {
    const all = { ...this.#shared, ...more }
    const given = Object.fromEntries(
      Object.entries(all).filter(([name]) => (names as readonly string[]).includes(name)),
    )
    return resolveOptions(names, given, {})
  }

  async readyz(port: number): Promise<ReadyAnswer> {
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`)
    return [answer.status, await answer.json()] as ReadyAnswer
  }

  /** @returns why, once a check of this name is among the reasons */
  red(port: number, check: string): Promise<string> {
    return until(`${check} to be red`, async () => {
      const [status, { reasons }] = await this.readyz(port)
      const found = reasons.find((each) => each.check === check)
      return found !== undefined && status === 503 ? found.why : null
    })
  }

  /** Makes blocks by a clock, which `running` stops. */
  mine(): void {
    const timer = setInterval(() => void this.admin.newBlocks(1), BLOCK_MS / 4)
    this.running.push({
      stop: async () => clearInterval(timer),
      finished: Promise.resolve(),
    })
  }

  /** Makes blocks until everything is green. */
  async green(port: number): Promise<void> {
    await until('everything to be green', async () => {
      await this.admin.newBlocks(1)
      return (await this.readyz(port))[0] === 200
    })
  }
}

/** Gives the surrounding suite a site; roles in `running` are stopped after each test. */
export function useRoleSite(): () => RoleSite {
  const database = useDatabase()
  const temporal = useTemporal()
  let site: RoleSite | undefined
  before(async () => {
    site = new RoleSite(database(), temporal())
    await site.start()
  })
  afterEach(async () => {
    site!.toPostgres.restore()
    site!.toTemporal.restore()
    await Promise.all(site!.running.splice(0).map((role) => role.stop()))
  })
  after(async () => {
    await site?.stop()
  })
  return () => site!
}
