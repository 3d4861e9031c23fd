import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { environmentName } from '../../base/options/options.js'
import type { Database } from '../../ledger/database.js'
import { type GridWallet, gridWallets } from '../grid/wallets.js'
import { type Role, spawnRole } from '../process/role.js'
import type { StateDir } from '../process/state-dir.js'
import type { ShapeChain } from './chain.js'
import type { ShapePorts } from './ports.js'
import type { SeparatePostgres } from './postgres.js'

type Settings = Readonly<Record<string, string | number | boolean>>

/** A process of ours, by its name: `api-2` is the second of its role. */
export type ProcessName =
  | `${'api' | 'inference-worker' | 'gpu-worker' | 'prover'}-${number}`
  | 'verifier'

export const PAIRS = ['api', 'inference-worker', 'gpu-worker'] as const
export const PROVERS = 3
const WITH_HEALTH: readonly string[] = [
  'verifier',
  ...['inference-worker-1', 'inference-worker-2', 'gpu-worker-1', 'gpu-worker-2'],
]

const run = promisify(execFile)
const CLONE = fileURLToPath(new URL('../..', import.meta.url))
/** What a deployment starts: `npm run build` compiles it. */
const BIN = fileURLToPath(new URL('../../dist/cli/fractal.mjs', import.meta.url))
/** As large as tests have it: what is looked at here is the shape, and two cores have to carry it. */
const MODEL = fileURLToPath(new URL('../../test/fixtures/tiny-model/model', import.meta.url))
const READY_MS = 180_000
const STOP_MS = 20_000

/** By what a role logs in at PostgreSQL: no more rights than it needs. */
const LOGINS = {
  api: 'fractal_api',
  'inference-worker': 'fractal_worker',
  'gpu-worker': 'fractal_gpu',
  verifier: 'fractal_worker',
} as const

export interface ShapeOptions {
  readonly state: StateDir
  readonly secrets: string
  readonly ports: ShapePorts
  readonly postgres: SeparatePostgres
  readonly temporalAddress: string
  readonly chain: ShapeChain
  readonly intervalBlocks: number
}

/** Our processes as a deployment runs them: two of each that scale, each with rights of its own. */
export class Shape {
  readonly #options: ShapeOptions
  readonly #roles = new Map<string, Role>()
  wallets: GridWallet[] = []

  constructor(options: ShapeOptions) {
    this.#options = options
  }

  get verifier(): GridWallet {
    return this.wallets[0]!
  }

  async makeWallets(): Promise<void> {
    const provers = Array.from({ length: PROVERS }, (_, i) => `prover-${i + 1}`)
    this.wallets = await gridWallets(this.#options.state.wallets, ['verifier', ...provers])
    const secret = randomBytes(24).toString('hex')
    await writeFile(this.#secret('inference'), `${secret}\n`, { mode: 0o600 })
  }

  /** `fractal migrate --roles`, as the owner: the only one who may. */
  async migrate(): Promise<void> {
    const files = ['api', 'worker', 'gpu'].map((name) => [
      `roles.${name}_password_file`,
      this.#options.postgres.passwordFile(`fractal_${name}`),
    ])
    await this.#asOwner(['migrate', '--roles'], Object.fromEntries(files))
  }

  /** An API key for users without limits, by `fractal key create`. */
  async makeKey(): Promise<string> {
    const limits = ['--rate', '0', '--concurrent', '0', '--json']
    const text = await this.#asOwner(['key', 'create', 'users', ...limits], {})
    return (JSON.parse(text) as { key: string }).key
  }

  async #asOwner(args: string[], more: Settings): Promise<string> {
    const env = this.#environment({ ...this.#database('fractal'), ...more })
    const { stdout } = await run(process.execPath, [BIN, ...args], { env, cwd: CLONE })
    return stdout
  }

  /** Starts a process of ours and waits until it does its work. */
  async start(name: ProcessName): Promise<void> {
    const [role, nth] = split(name)
    const { ports, state } = this.#options
    const own: Settings =
      role === 'prover'
        ? {
            'wallet.name': name,
            'neuron.name': name,
            'axon.host': this.#options.chain.axonHost,
            'axon.port': ports.prover(nth),
            'state.dir': path.dirname(state.prover(name)),
          }
        : {
            ...this.#database(LOGINS[role]),
            'temporal.address': this.#options.temporalAddress,
            'wallet.name': 'verifier',
            'gpu.count': 2,
            'api.port': ports.api(nth),
            'api.verifier': this.verifier.hotkey,
            'api.drain_seconds': 5,
            'inference.port': ports.inference(nth),
            'inference.url': [1, 2]
              .map((each) => `http://127.0.0.1:${ports.inference(each)}`)
              .join(','),
            'inference.secret_file': this.#secret('inference'),
            'health.port': this.#healthPort(name),
          }
    await this.#spawn(name, role, own)
  }

  apiUrl(nth: number): string {
    return `http://127.0.0.1:${this.#options.ports.api(nth)}`
  }

  /** `/readyz` of a process, as its supervisor would ask. */
  async readiness(name: ProcessName): Promise<{ ready: boolean; body: string }> {
    const [role, nth] = split(name)
    const { ports } = this.#options
    const { axonHost } = this.#options.chain
    const at =
      role === 'api'
        ? this.apiUrl(nth)
        : role === 'prover'
          ? `http://${axonHost}:${ports.prover(nth)}`
          : `http://127.0.0.1:${this.#healthPort(name)}`
    try {
      const answer = await fetch(`${at}/readyz`, {
        signal: AbortSignal.timeout(5000),
      })
      return { ready: answer.ok, body: (await answer.text()).trim() }
    } catch (error) {
      return { ready: false, body: String((error as Error).cause ?? error) }
    }
  }

  get names(): ProcessName[] {
    return [...this.#roles.keys()] as ProcessName[]
  }

  /** kill -9, and wait until it is gone. */
  async kill(name: ProcessName): Promise<void> {
    const role = this.#roles.get(name)
    this.#roles.delete(name)
    role?.kill('SIGKILL')
    await role?.exited
  }

  /** Processes that ended although nobody stopped them. */
  ended(): string[] {
    return [...this.#roles.values()].filter((role) => role.hasExited()).map((role) => role.name)
  }

  logFile(name: string): string {
    return this.#options.state.log(name)
  }

  /** First who asks, then who is asked. */
  async stop(): Promise<void> {
    const roles = [...this.#roles.values()]
    this.#roles.clear()
    const isProver = ({ name }: Role) => name.startsWith('prover')
    for (const wave of [roles.filter((role) => !isProver(role)), roles.filter(isProver)]) {
      await Promise.all(wave.map((role) => role.stop(STOP_MS)))
    }
  }

  #secret(name: string): string {
    return path.join(this.#options.secrets, name)
  }

  /** The ledger, with the rights of who judges. */
  openLedger(): Promise<Database> {
    return this.#options.postgres.openDatabase('fractal_worker', 'fractal')
  }

  #healthPort(name: string): number {
    const place = WITH_HEALTH.indexOf(name)
    return place < 0 ? 0 : this.#options.ports.health(place)
  }

  #database(user: string): Settings {
    const { postgres } = this.#options
    return {
      'database.port': postgres.port,
      'database.user': user,
      'database.password_file': postgres.passwordFile(user),
      'database.tls': 'verify',
      'database.tls_ca': postgres.caFile,
    }
  }

  async #spawn(name: ProcessName, command: string, own: Settings): Promise<void> {
    const { state } = this.#options
    const readyFile = path.join(state.root, `${name}.ready`)
    await rm(readyFile, { force: true })
    const role = await spawnRole({
      name,
      command: process.execPath,
      args: [BIN, command],
      env: { FRACTAL_READY_FILE: readyFile, ...this.#environment(own) },
      cwd: CLONE,
      logFile: state.log(name),
      readyTimeoutMs: READY_MS,
      readyWhen: async (signal) => {
        while (!existsSync(readyFile)) await sleep(50, undefined, { signal })
      },
    })
    this.#roles.set(name, role)
  }

  /** Only what is meant: a person's own FRACTAL_ settings are not the shape's. */
  #environment(own: Settings): Record<string, string | undefined> {
    const { state, chain, intervalBlocks } = this.#options
    const settings: Settings = {
      netuid: chain.netuid,
      'subtensor.network': chain.network,
      'subtensor.chain_endpoint': chain.endpoint,
      'wallet.path': state.wallets,
      'chain.allow_private_addresses': true,
      profile: 'test',
      device: 'cpu',
      'model.dir': MODEL,
      'neuron.compute_stats_interval': intervalBlocks,
      ...own,
    }
    const env: Record<string, string | undefined> = {}
    for (const variable of ['PATH', 'HOME', 'TMPDIR', 'TZ']) env[variable] = process.env[variable]
    for (const [option, value] of Object.entries(settings)) {
      env[environmentName(option)] = String(value)
    }
    return env
  }
}

function split(
  name: ProcessName,
): ['api' | 'inference-worker' | 'gpu-worker' | 'prover' | 'verifier', number] {
  if (name === 'verifier') return [name, 1]
  const [, role, nth] = /^(.+)-(\d+)$/.exec(name)!
  return [role as 'api' | 'inference-worker' | 'gpu-worker' | 'prover', Number(nth)]
}
