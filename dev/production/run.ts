import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Database } from '../../ledger/database.js'
import { listIntervals } from '../../ledger/intervals/intervals.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { removePostgres } from '../postgres/start-postgres.js'
import { printLine } from '../process/print-line.js'
import { openStateDir, type StateDir } from '../process/state-dir.js'
import { devnet, localChain, type ShapeChain } from './chain.js'
import { shapePorts } from './ports.js'
import { SeparatePostgres } from './postgres.js'
import { PAIRS, PROVERS, type ProcessName, Shape } from './shape.js'
import { SeparateTemporal } from './temporal.js'
import { temporalPrograms } from './temporal-programs.js'
import { shapeFailed, throughInterval } from './through-interval.js'
import { until } from './until.js'
import { Users } from './users.js'

export interface RunOptions {
  readonly stateRoot: string
  readonly portBase: number
  readonly blockMs: number
  /** Subtensor's own runtime, or the local chain. */
  readonly chain: 'devnet' | 'local'
  readonly intervalBlocks: number
  readonly interrupted: AbortSignal
}

const USER_EVERY_MS = 3000
/** How long any one thing may take on a slow machine before the run has failed. */
const PATIENCE_MS = 300_000
const POLL_MS = 200

/**
 * Stands the production shape up, kills one of each pair while intervals run and users ask, and asserts that
 * nothing was lost.
 * @throws FractalError `shape_failed`, naming what did not hold
 */
export class ProductionRun {
  readonly #options: RunOptions
  readonly #startedAt = Date.now()
  /** What has to be stopped, the newest first. */
  readonly #held: (() => Promise<unknown>)[] = []
  readonly #judged: number[] = []
  #shape!: Shape
  #postgres!: SeparatePostgres
  #temporal!: SeparateTemporal
  #chain!: ShapeChain
  #users!: Users
  #db!: Database
  #id!: VerifierId

  constructor(options: RunOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    try {
      await this.#standUp()
      await this.#interval('nothing is killed', async () => {})
      for (const role of PAIRS) await this.#withoutOne(role)
      await this.#interval(
        'Temporal’s history service is killed -9 and started again',
        async () => {
          await this.#temporal.kill('history')
          await this.#temporal.startService('history')
        },
      )
      await this.#interval('PostgreSQL is restarted', async () => {
        await this.#postgres.stop()
        await this.#postgres.start()
      })
      await this.#lookBack()
    } finally {
      for (const release of this.#held.reverse()) await release()
      printLine(this.#line('everything is stopped'))
    }
  }

  async #standUp(): Promise<void> {
    const { stateRoot, portBase, blockMs, intervalBlocks } = this.#options
    const ports = shapePorts(portBase)
    await mkdir(stateRoot, { recursive: true })
    const programs = await temporalPrograms(path.join(stateRoot, 'go.log'))
    const state = await openStateDir(stateRoot, { fresh: true })
    this.#held.push(() => state.unlock())
    const secrets = path.join(state.root, 'secrets')
    await mkdir(secrets, { recursive: true, mode: 0o700 })

    this.#postgres = await SeparatePostgres.make({
      ...{ dataDir: state.postgres, secrets, port: ports.postgres },
    })
    this.#held.push(() => this.#postgres.stop().then(() => removePostgres(state.postgres)))
    const version = await this.#postgres.version()
    printLine(this.#line(`${version}: passwords, an owner for each program, TLS for ours`))

    this.#temporal = await this.#startTemporal(programs, state, ports.temporal)
    const make = this.#options.chain === 'devnet' ? devnet : localChain
    this.#chain = make({ state, port: ports.chain, blockMs, provers: PROVERS })
    this.#held.push(() => this.#chain.stop())
    this.#shape = new Shape({
      ...{ state, secrets, ports, intervalBlocks },
      postgres: this.#postgres,
      chain: this.#chain,
      temporalAddress: this.#temporal.address,
    })
    await this.#shape.makeWallets()
    await this.#chain.start(this.#shape.wallets)
    printLine(this.#line(`chain: ${this.#chain.is}; a verifier and ${PROVERS} provers registered`))
    await this.#startOurs()
  }

  async #startTemporal(
    programs: Awaited<ReturnType<typeof temporalPrograms>>,
    state: StateDir,
    portBase: number,
  ): Promise<SeparateTemporal> {
    const folder = path.join(state.root, 'temporal')
    const temporal = new SeparateTemporal(programs, this.#postgres, { folder, portBase })
    await temporal.makeTables()
    this.#held.push(() => temporal.stop())
    await temporal.start()
    printLine(
      this.#line('Temporal: frontend, history, matching and worker as four processes on it'),
    )
    return temporal
  }

  async #startOurs(): Promise<void> {
    const shape = this.#shape
    await shape.migrate()
    printLine(
      this.#line('fractal migrate --roles: tables, and a login for api, workers and gpu-workers'),
    )
    this.#held.push(() => shape.stop())
    const provers = Array.from({ length: PROVERS }, (_, i): ProcessName => `prover-${i + 1}`)
    const pairs = PAIRS.flatMap((role): ProcessName[] => [`${role}-1`, `${role}-2`])
    // Not all at once: two cores compile and certify for each of them.
    for (const name of [...provers, ...pairs, 'verifier' as const]) {
      this.#options.interrupted.throwIfAborted()
      await shape.start(name)
      printLine(this.#line(`started ${name}`))
    }
    await this.#allReady()
    printLine(this.#line('/readyz of all of them is green'))
    this.#db = await shape.openLedger()
    this.#held.push(() => this.#db.close())
    this.#id = { netuid: this.#chain.netuid, verifier: shape.verifier.hotkey }
    this.#users = new Users(
      [shape.apiUrl(1), shape.apiUrl(2)],
      await shape.makeKey(),
      USER_EVERY_MS,
    )
    this.#held.push(() => this.#users.stop())
    printLine(this.#line(`users ask both APIs, a video every ${USER_EVERY_MS / 1000} s`))
  }

  /** One of a pair is killed -9 and stays away until its interval has settled. */
  async #withoutOne(role: (typeof PAIRS)[number]): Promise<void> {
    const name: ProcessName = `${role}-1`
    await this.#interval(`${name} is killed -9 and stays away`, () => this.#shape.kill(name))
    await this.#shape.start(name)
    await this.#allReady()
    printLine(this.#line(`${name} is back, everything is ready`))
  }

  /** An interval in which something happens: it settles all the same, whole. */
  async #interval(what: string, happen: () => Promise<void>): Promise<void> {
    const { n, verdicts, passed } = await throughInterval(
      {
        db: this.#db,
        id: this.#id,
        chain: this.#chain,
        until: (name, look) => this.#until(name, look),
      },
      happen,
    )
    this.#judged.push(n)
    printLine(
      this.#line(
        `interval ${n}: ${what}; settled, ${passed} of ${verdicts} verdicts pass, weights read back`,
      ),
    )
  }

  async #lookBack(): Promise<void> {
    await this.#users.stop()
    const { accepted, refused, secondTries } = this.#users
    if (refused.length > 0) throw shapeFailed(`${refused.length} users found no API: ${refused[0]}`)
    await this.#until('every accepted video to be completed', async () => {
      for (const jobId of accepted) {
        if (!(await this.#users.isCompleted(jobId))) return null
      }
      return true
    })
    printLine(
      this.#line(
        `${accepted.size} videos were accepted and are completed; ${secondTries} times a user had to ask the other API`,
      ),
    )
    const last = Math.max(...this.#judged)
    const rows = await listIntervals(this.#db, this.#id, { limit: 1000 })
    const lost = rows.find(({ n, phase }) => n <= last && phase !== 'settled')
    if (lost !== undefined) throw shapeFailed(`interval ${lost.n} is ${lost.phase}, not settled`)
    printLine(
      this.#line(
        `all ${last} intervals settled; in those looked at (${this.#judged.join(', ')}) each challenge has one verdict, counted once, and weights were sent once and are the chain’s`,
      ),
    )
    const dead = [...this.#shape.ended(), ...this.#temporal.ended()]
    if (this.#chain.hasEnded()) dead.push('the chain')
    if (dead.length > 0) throw shapeFailed(`${dead.join(', ')} ended by itself`)
    const [denied] = await this.#postgres.denied()
    if (denied !== undefined) throw shapeFailed(`a role lacks a right: ${denied}`)
    printLine(
      this.#line('no process ended by itself, and PostgreSQL refused nobody what it needed'),
    )
  }

  #allReady(): Promise<true> {
    return this.#until('every /readyz to be green', async () => {
      for (const name of this.#shape.names) {
        if (!(await this.#shape.readiness(name)).ready) return null
      }
      return true
    })
  }

  #until<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
    const { interrupted } = this.#options
    return until(what, look, { patienceMs: PATIENCE_MS, pollMs: POLL_MS, interrupted })
  }

  #line(text: string): string {
    return `${((Date.now() - this.#startedAt) / 1000).toFixed(0).padStart(5)} s  ${text}`
  }
}
