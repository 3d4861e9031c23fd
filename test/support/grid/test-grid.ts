import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createLog } from '../../../base/log.js'
import type { Chain } from '../../../chain/chain.js'
import { connectLocalChain } from '../../../chain/local/adapter.js'
import { Grid, type GridOptions, type GridProver } from '../../../dev/grid/grid.js'
import { freePorts } from '../../../dev/grid/ports.js'
import { removePostgres } from '../../../dev/postgres/start-postgres.js'
import { openStateDir, type StateDir } from '../../../dev/process/state-dir.js'
import { type Database, openDatabase } from '../../../ledger/database.js'
import {
  type IntervalRow,
  intervalByN,
  latestInterval,
} from '../../../ledger/intervals/intervals.js'
import { weightSet } from '../../../ledger/intervals/weights.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { COMPILED_BIN } from '../bin.js'
import { until } from '../until.js'
import { TestUser } from './test-user.js'

export const NETUID = 7
export const PROVERS = ['prover-1', 'prover-2']
export const ROLES = ['verifier', 'inference-worker', 'gpu-worker', 'api'] as const
const BLOCK_MS = 400
const LONGEST_MS = 300_000
const PATIENT = { withinMs: LONGEST_MS, longestMs: 200 }
const MODEL = fileURLToPath(new URL('../../fixtures/tiny-model/model', import.meta.url))
const log = createLog('test', 'silent')

export interface TestGridOptions
  extends Pick<GridOptions, 'postgresPrograms' | 'postgresSettings' | 'environment'> {
  /** Of an interval. */
  readonly blocks?: number
  /** What the processes are started by at first. Default: this clone, compiled. */
  readonly bin?: string
  /** Further options of every process. */
  readonly options?: GridOptions['options']
  /** Further options of the verifier alone. */
  readonly verifierOptions?: GridOptions['options']
  /** Default: `PROVERS`, all honest. */
  readonly provers?: readonly GridProver[]
  /** A second deployment with the same hotkey: with stores of its own, on this one's chain and among its provers. */
  readonly beside?: TestGrid
}

/** A whole grid of processes on stores of its own, for tests that take its parts away, and its user. */
export class TestGrid {
  readonly grid: Grid
  id!: VerifierId
  chain!: Chain
  db!: Database
  user!: TestUser

  private constructor(
    readonly state: StateDir,
    grid: Grid,
    private readonly provers: readonly GridProver[],
    private readonly ofVerifier: GridOptions['options'],
    private readonly beside: TestGrid | null,
  ) {
    this.grid = grid
  }

  /** Nothing runs yet. */
  static async make(options: TestGridOptions): Promise<TestGrid> {
    const { blocks = 24, bin = COMPILED_BIN, beside, options: more, verifierOptions } = options
    const { provers = PROVERS.map((name) => ({ name })) } = options
    const { postgresPrograms, postgresSettings, environment } = options
    const state = await openStateDir(await mkdtemp(path.join(tmpdir(), 'fractal-grid-')))
    const ports = await freePorts(provers.length)
    const shared = beside && { 'wallet.path': beside.state.wallets }
    const grid = new Grid({
      state,
      ports: beside
        ? { ...ports, localnet: Number(new URL(beside.grid.chainEndpoint).port) }
        : ports,
      provers,
      netuid: NETUID,
      options: {
        profile: 'test',
        'neuron.compute_stats_interval': blocks,
        'model.dir': MODEL,
        ...shared,
        ...more,
      },
      log,
      ...(postgresPrograms && { postgresPrograms }),
      ...(postgresSettings && { postgresSettings }),
      ...(environment && { environment }),
    })
    grid.bin = bin
    return new TestGrid(state, grid, provers, verifierOptions ?? {}, beside ?? null)
  }

  /** The names of provers that are no villains. */
  get honest(): string[] {
    return this.provers.filter(({ villain }) => villain === undefined).map(({ name }) => name)
  }

  /** What all others need, the chain among it. */
  readonly stores: readonly string[] = ['postgres', 'temporal', 'localnet']

  /** All that may be killed. */
  get processes(): string[] {
    return [...this.stores, ...ROLES, ...this.honest]
  }

  async startAll(): Promise<void> {
    await this.grid.startStores()
    if (this.beside === null) await this.start('localnet')
    else this.grid.wallets = this.beside.grid.wallets
    await this.start('gpu-worker')
    if (this.beside === null) {
      await Promise.all(this.provers.map(({ name }) => this.start(name)))
    }
    await Promise.all(['verifier', 'inference-worker', 'api'].map((name) => this.start(name)))
    this.id = { netuid: NETUID, verifier: this.grid.verifier.hotkey }
    this.chain = await connectLocalChain(this.grid.chainEndpoint)
    this.openLedger()
    this.user = await TestUser.make(this)
  }

  /** Once more if the address or the password of Postgres has changed. */
  openLedger(): void {
    const url = this.grid.databaseUrl
    this.db = openDatabase({ url, applicationName: 'fractal-grid', max: 2, log })
  }

  async stop({ keepLogs }: { keepLogs: boolean }): Promise<void> {
    await this.chain?.close()
    await this.db?.close()
    await this.grid.stop()
    await this.state.unlock()
    await removePostgres(this.state.postgres)
    if (keepLogs) console.warn(`      what its processes said: ${this.state.logs}`)
    else await rm(this.state.root, { recursive: true, force: true })
  }

  /** kill -9, and wait until it is gone. */
  async kill(name: string): Promise<void> {
    if (name === 'postgres') await this.grid.killPostgres()
    else if (name === 'temporal') await this.grid.killTemporal()
    else await this.grid.killRole(name)
  }

  async start(name: string): Promise<void> {
    const role = ROLES.find((each) => each === name)
    if (role !== undefined) {
      await this.grid.startRole(role, role === 'verifier' ? this.ofVerifier : {})
    } else if (name === 'postgres') await this.grid.startPostgres()
    else if (name === 'temporal') await this.grid.startTemporal()
    else if (name === 'localnet') await this.grid.startChain(BLOCK_MS)
    else await this.grid.startProver(this.provers.findIndex((prover) => prover.name === name))
  }

  /** What is asked while parts of the grid are away may fail, and is asked again. */
  patient<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
    return until(what, () => look().catch(() => null), PATIENT)
  }

  /** Its number; 0 before the first. */
  newest(): Promise<number> {
    return this.patient('the newest interval', async () => {
      const row = await latestInterval(this.db, this.id)
      return { n: row?.n ?? 0 }
    }).then(({ n }) => n)
  }

  /** The next interval, as soon as it asks its provers. */
  async nextInRounds(): Promise<IntervalRow> {
    const before = await this.newest()
    return this.patient('an interval in its rounds', async () => {
      const row = await latestInterval(this.db, this.id)
      return row !== null && row.n > before && row.phase === 'rounds' ? row : null
    })
  }

  /** Judged or given up, and its weights on the chain if it has any. @returns how it ended */
  ended(n: number): Promise<'settled' | 'lapsed' | 'missed'> {
    return this.patient(`interval ${n} to end`, async () => {
      const phase = (await intervalByN(this.db, this.id, n))?.phase
      if (phase === 'lapsed' || phase === 'missed') return phase
      const weights = (await weightSet(this.db, this.id, n))?.state
      return phase === 'settled' && (weights === 'confirmed' || weights === 'done') && phase
    })
  }

  /** All that has begun by now. @returns the newest */
  async allEnded(): Promise<number> {
    const last = await this.newest()
    for (let n = 1; n <= last; n += 1) await this.ended(n)
    return last
  }
}

/** Gives the surrounding suite a grid from `before` until `after`; its logs stay where a test fails. */
export function useTestGrid(options: TestGridOptions = {}): () => TestGrid {
  let made: TestGrid | undefined
  before(async function () {
    this.timeout(LONGEST_MS)
    made = await TestGrid.make(options)
    await made.startAll()
  })
  after(async function () {
    this.timeout(LONGEST_MS)
    const tests = this.test?.parent?.tests ?? []
    await made?.stop({ keepLogs: tests.some(({ state }) => state !== 'passed') })
  })
  return () => made!
}
