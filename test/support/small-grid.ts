import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, WorkflowNotFoundError } from '@temporalio/client'
import type { InferenceDeps } from '../../activities/inference-deps.js'
import { ClockWatch } from '../../activities/shared/clock-watch.js'
import { ProverRoutes } from '../../activities/video/prover-routes.js'
import { RunningJobs } from '../../activities/video/running-jobs.js'
import { resolveOptions } from '../../base/options/options.js'
import type { Chain } from '../../chain/chain.js'
import { connectLocalChain } from '../../chain/local/adapter.js'
import { localAdmin } from '../../chain/local/admin-client.js'
import { createWallet } from '../../chain/wallet/create.js'
import { loadHotkey } from '../../chain/wallet/wallet.js'
import { type RunningLocalnet, startLocalnet } from '../../dev/localnet/server.js'
import { freePort } from '../../dev/process/ports.js'
import type { Role } from '../../dev/process/role.js'
import type { Database } from '../../ledger/database.js'
import { JobSignals } from '../../ledger/requests/job-signals.js'
import type { JobRow } from '../../ledger/requests/jobs.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { videoWorkflowId } from '../../temporal/workflow-ids.js'
import { API_OPTIONS, runApi } from '../../workers/roles/api.js'
import { INFERENCE_OPTIONS, runInferenceWorker } from '../../workers/roles/inference.js'
import type { Running } from '../../workers/running.js'
import { insertTestKey, TEST_KEY } from '../api/server.js'
import { testSigner } from '../chain/keys.js'
import { SILENT } from '../chain/local-harness.js'
import { newJob } from '../ledger/fixtures.js'
import { openGridInterval } from './grid-interval.js'
import { GridProver } from './grid-prover.js'
import { GRID_MODEL, type GridVideo, SMALL_VIDEO, writeModelFolder } from './model-folder.js'
import { type TestDatabase, useDatabase } from './postgres.js'
import { spawnTestRole } from './spawn-role.js'
import { makeNamespace, type TestTemporal, useTemporal } from './temporal.js'

export interface SmallGridOptions {
  /** How many provers; all honest and alike until a test changes one. Default 2. */
  readonly provers?: number
  /** Of each prover: it takes two requests for each. Default 4. */
  readonly gpus?: number
  /** APIs that are started in this process. Default 1; `startApi` and `spawnApi` start more. */
  readonly apis?: number
  /** Where the inference worker runs; `none`: the test starts it. Default `here`. */
  readonly worker?: 'here' | 'child' | 'none'
  /** Whether the worker listens for requests that are to be run at once. Default true. */
  readonly direct?: boolean
  /** Milliseconds of a denoising step of every prover, until a test changes it. Default 2. */
  readonly stepMs?: number
  /** The model's standard video. Default 3 steps, 2 frames of 16 × 16. */
  readonly video?: Partial<GridVideo>
  /** Beside, or in place of, those that every API is started with. */
  readonly apiOptions?: RoleOptions
  /** The same of every inference worker. */
  readonly workerOptions?: RoleOptions
}

type RoleOptions = Readonly<Record<string, string | number | boolean>>

/** An API of a small grid. */
export interface GridApi {
  readonly url: string
  /** In good order, as SIGTERM does. */
  stop(): Promise<void>
}

const NETUID = 9
const SECRET = 'a secret of small grids'
const STOP_MS = 10_000

/**
 * The parts that users' requests go through: Postgres, Temporal, an inference worker, APIs and prover
 * nodes, all real but the provers' generators. There is no verifier: one interval is open for good.
 */
export class SmallGrid {
  readonly provers: GridProver[] = []
  readonly apis: GridApi[] = []
  /** A key with every scope. */
  readonly key = TEST_KEY
  id!: VerifierId
  #folder!: string
  #chain!: RunningLocalnet
  #namespace!: string
  #inferencePort!: number
  #worker: Running | null = null
  #link!: Chain
  #signals: JobSignals | null = null
  #jobs: RunningJobs | null = null
  readonly #children = new Set<Role>()

  private constructor(
    readonly options: SmallGridOptions,
    readonly database: TestDatabase,
    readonly temporal: TestTemporal,
  ) {}

  static async start(
    options: SmallGridOptions,
    database: TestDatabase,
    temporal: TestTemporal,
  ): Promise<SmallGrid> {
    const grid = new SmallGrid(options, database, temporal)
    try {
      await grid.#start()
      return grid
    } catch (error) {
      await grid.stop()
      throw error
    }
  }

  get db(): Database {
    return this.database.db
  }

  /** The first API's address. */
  get url(): string {
    return this.apis[0]!.url
  }

  /** Asks the first API (or the one given) with the key. */
  fetch(path: string, init: RequestInit = {}, api: GridApi = this.apis[0]!): Promise<Response> {
    const headers = new Headers(init.headers)
    if (!headers.has('Authorization')) headers.set('Authorization', `Bearer ${this.key}`)
    return fetch(`${api.url}${path}`, { ...init, headers })
  }

  /** `POST` with a JSON body. */
  post(path: string, body: unknown, init: RequestInit = {}, api?: GridApi): Promise<Response> {
    const headers = new Headers(init.headers)
    headers.set('Content-Type', 'application/json')
    return this.fetch(path, { ...init, method: 'POST', headers, body: JSON.stringify(body) }, api)
  }

  /** Of the listener of the inference workers, for who calls `runDirect` itself. */
  get inference() {
    return { urls: [`http://127.0.0.1:${this.#inferencePort}`], secret: SECRET }
  }

  /** A job of the model's standard video, as the API would store it; nobody runs it yet. */
  newJob(changes: Partial<JobRow> = {}): Promise<JobRow> {
    const { fps, ...video } = { ...SMALL_VIDEO, ...this.options.video }
    return newJob(this.db, this.id, { ...video, fps, model: GRID_MODEL, ...changes })
  }

  /** What an inference worker's activities are made of, for tests that call them without one. */
  async inferenceDeps(changes: Partial<InferenceDeps> = {}): Promise<InferenceDeps> {
    const { url } = this.database
    this.#signals ??= new JobSignals({ url, applicationName: 'fractal-test', log: SILENT })
    this.#jobs ??= new RunningJobs(this.db, this.#signals)
    return {
      id: this.id,
      db: this.db,
      jobs: this.#jobs,
      signer: await loadHotkey(this.#wallet()),
      genesisHash: this.#link.genesisHash,
      chain: this.#link,
      allowPrivateAddresses: true,
      mayVerify: () => false,
      clock: new ClockWatch(SILENT),
      routes: new ProverRoutes(this.db, this.id),
      block: () => 0,
      deadlineFloorMs: 30_000,
      hedgeFloorMs: 30_000,
      log: SILENT,
      random: (below) => Math.floor(below / 2),
      newRequestId: randomUUID,
      ...changes,
    }
  }

  /** Of this grid's namespace. */
  get client(): Client {
    const { connection } = this.temporal.client
    return new Client({ connection, namespace: this.#namespace })
  }

  /** A workflow's state in this grid's namespace; null when it was never started. */
  async workflowOf(jobId: string): Promise<string | null> {
    try {
      const { status } = await this.client.workflow.getHandle(videoWorkflowId(jobId)).describe()
      return status.name
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null
      throw error
    }
  }

  /** An API in this process. */
  async startApi(): Promise<GridApi> {
    const port = await freePort()
    const running = await runApi(resolveOptions(API_OPTIONS, this.#api(port), {}), SILENT)
    const api = { url: `http://127.0.0.1:${port}`, stop: () => running.stop() }
    this.apis.push(api)
    return api
  }

  /** An API as a process of its own, to be killed: `role.kill('SIGKILL')`. */
  async spawnApi(
    more: Readonly<Record<string, string | number>> = {},
  ): Promise<GridApi & { role: Role }> {
    const port = await freePort()
    const role = await this.#spawn('api', { ...this.#api(port), ...more })
    const stop = async () => void (await role.stop(STOP_MS))
    const api = { url: `http://127.0.0.1:${port}`, stop, role }
    this.apis.push(api)
    return api
  }

  /** The inference worker in this process; `stopWorker` stops it. */
  async startWorker(): Promise<void> {
    this.#worker = await runInferenceWorker(
      resolveOptions(INFERENCE_OPTIONS, this.#inference(), {}),
      SILENT,
    )
  }

  async stopWorker(): Promise<void> {
    await this.#worker?.stop()
    this.#worker = null
  }

  /** The router leaves this one alone, as one that failed again and again. */
  async leaveAlone({ hotkey }: GridProver): Promise<void> {
    await this.db.execute(
      `INSERT INTO prover_routing (netuid, verifier, hotkey, registered_block, failures_in_a_row, last_failure_at)
       SELECT netuid, verifier, hotkey, registered_block, 7, clock_timestamp() FROM interval_provers WHERE hotkey = $1
       ON CONFLICT (netuid, verifier, hotkey, registered_block)
         DO UPDATE SET failures_in_a_row = 7, last_failure_at = clock_timestamp()`,
      [hotkey],
    )
  }

  /** The router asks everybody again. */
  async forgetFailures(): Promise<void> {
    await this.db.execute('UPDATE prover_routing SET failures_in_a_row = 0, paused_until = NULL')
  }

  /** Holds every prover's requests at a step (see `GridGenerator.hold`). @returns what lets them go */
  hold(at = 0): () => void {
    const holds = this.provers.map(({ generator }) => generator.hold(at))
    return () => {
      for (const hold of holds) hold.release()
    }
  }

  /** An inference worker as a process of its own. */
  spawnWorker(more: Readonly<Record<string, string | number>> = {}): Promise<Role> {
    return this.#spawn('inference-worker', { ...this.#inference(), ...more })
  }

  /** Who asks first, then who is asked. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.apis.splice(0).map((api) => api.stop()))
    await this.stopWorker()
    this.#jobs?.close()
    await this.#signals?.close()
    await Promise.all([...this.#children].map((role) => role.stop(STOP_MS)))
    await Promise.all(this.provers.map((prover) => prover.stop()))
    await this.#link?.close()
    await this.#chain?.close()
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true })
  }

  async #start(): Promise<void> {
    const { provers = 2, gpus = 4, apis = 1, worker = 'here', stepMs = 2 } = this.options
    const video = { ...SMALL_VIDEO, ...this.options.video }
    this.#folder = await mkdtemp(join(tmpdir(), 'fractal-small-grid-'))
    await writeModelFolder(this.#folder, video)
    this.#inferencePort = await freePort()
    const statePath = join(this.#folder, 'chain.json')
    this.#chain = await startLocalnet({ port: 0, statePath, manual: true, log: SILENT })
    this.#link = await connectLocalChain(this.#chain.url)
    const admin = localAdmin(this.#chain.url)
    await admin.call({ name: 'createSubnet', netuid: NETUID, params: {} })
    await admin.newBlocks(1)
    const { genesisHash } = this.#link
    const { hotkey } = await createWallet({ ...this.#wallet(), overwrite: false })
    this.id = { netuid: NETUID, verifier: hotkey }
    this.#namespace = await makeNamespace(this.temporal)
    for (let i = 1; i <= provers; i += 1) {
      const keepDir = join(this.#folder, `prover-${i}`)
      const signer = testSigner(keepDir)
      const setting = { signer, keepDir, gpus, genesisHash, netuid: NETUID, video, stepMs }
      this.provers.push(await GridProver.start(setting))
    }
    await insertTestKey(this.db)
    await openGridInterval(this.db, this.id, this.provers)
    if (worker === 'here') await this.startWorker()
    if (worker === 'child') await this.spawnWorker()
    for (let i = 0; i < apis; i += 1) await this.startApi()
  }

  #wallet() {
    return { path: join(this.#folder, 'wallets'), name: 'verifier', hotkey: 'default' }
  }

  #stores() {
    return {
      netuid: NETUID,
      'database.url': this.database.url,
      'temporal.address': this.temporal.address,
      'temporal.namespace': this.#namespace,
      'api.allow_private_webhooks': true,
      'inference.secret': SECRET,
    }
  }

  #api(port: number): Record<string, string | number | boolean> {
    const { direct = true } = this.options
    const url = `http://127.0.0.1:${this.#inferencePort}`
    return {
      ...this.#stores(),
      'api.port': port,
      'api.verifier': this.id.verifier,
      'api.drain_seconds': 10,
      'model.dir': this.#folder,
      ...(direct ? { 'inference.url': url } : {}),
      ...this.options.apiOptions,
    }
  }

  #inference(): Record<string, string | number | boolean> {
    const { direct = true } = this.options
    const { path, name, hotkey } = this.#wallet()
    return {
      ...this.#stores(),
      'subtensor.network': 'local',
      'subtensor.chain_endpoint': this.#chain.url,
      'wallet.path': path,
      'wallet.name': name,
      'wallet.hotkey': hotkey,
      profile: 'test',
      'chain.allow_private_addresses': true,
      'inference.port': direct ? this.#inferencePort : 0,
      ...this.options.workerOptions,
    }
  }

  async #spawn(
    name: string,
    options: Readonly<Record<string, string | number | boolean>>,
  ): Promise<Role> {
    const role = await spawnTestRole(name, options, this.#folder)
    this.#children.add(role)
    return role
  }
}

/**
 * Gives the surrounding suite a small grid from `before` until `after`, on its own database
 * (`useDatabase`) and in its own namespace of Temporal (`useTemporal`).
 *
 * @example
 * const grid = useSmallGrid({ provers: 3 })
 * it('…', async () => {
 *   grid().provers[0]!.generator.stepMs = 50
 *   const answer = await grid().post('/v1/videos', { prompt: 'a red ball' })
 * })
 */
export function useSmallGrid(options: SmallGridOptions = {}): () => SmallGrid {
  let grid: SmallGrid | undefined
  // First, because Mocha runs these in the order of their registration: before the stores go.
  after(() => grid?.stop())
  const database = useDatabase()
  const temporal = useTemporal()
  before(async function () {
    this.timeout(240_000)
    grid = await SmallGrid.start(options, database(), temporal())
  })
  return () => grid!
}
