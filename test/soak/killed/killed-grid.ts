import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client } from '@temporalio/client'
import { sr25519Ready } from '../../../base/sr25519.js'
import { type GridWallet, gridWallets } from '../../../dev/grid/wallets.js'
import { freePort } from '../../../dev/process/ports.js'
import type { Role } from '../../../dev/process/role.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { intervalWorkflowId } from '../../../temporal/workflow-ids.js'
import type { Gate } from '../../support/gates/gate.js'
import { WeightsGate } from '../../support/gates/weights-gate.js'
import type { TestDatabase } from '../../support/postgres.js'
import { spawnTestRole } from '../../support/spawn-role.js'
import { makeNamespace, type TestTemporal } from '../../support/temporal.js'
import type { MadeChain } from './made-chain.js'

const MODEL = fileURLToPath(new URL('../../fixtures/tiny-model/model', import.meta.url))
const PROVERS = ['prover-1', 'prover-2']
export const INTERVAL_BLOCKS = 80
/**
 * Of the subnet's epochs, half an interval: what is committed as the next interval begins is revealed, with time left,
 * before that one's weights come, which would replace it.
 */
const TEMPO = 40
/** The least between two blocks. Making one takes longer, so that rounds are over before the last of an interval. */
export const BLOCK_MS = 150
/** More than neuron.vpermit_tao_limit: the verifier is not asked as a prover. */
const STAKE_RAO = 10_000n * 10n ** 9n
const STOP_MS = 10_000

/** A verifier, its GPU worker and provers on a development chain, each a process of its own. */
export class KilledGrid {
  netuid!: number
  wallets: GridWallet[] = []
  /** Between the verifier and the chain. */
  rpc!: Gate
  /** Between the verifier and what it notes of weights. */
  weights!: WeightsGate
  #verifier: Role | null = null
  #folder!: string
  #namespace!: string
  readonly #others: Role[] = []
  readonly #held: (() => Promise<unknown>)[] = []

  private constructor(
    readonly chain: MadeChain,
    readonly database: TestDatabase,
    readonly temporal: TestTemporal,
  ) {}

  static async start(chain: MadeChain, database: TestDatabase, temporal: TestTemporal) {
    const grid = new KilledGrid(chain, database, temporal)
    try {
      await grid.#start()
      return grid
    } catch (error) {
      await grid.stop()
      throw error
    }
  }

  get id(): VerifierId {
    return { netuid: this.netuid, verifier: this.wallets[0]!.hotkey }
  }

  async #start(): Promise<void> {
    const { chain } = this
    await sr25519Ready()
    this.#folder = await mkdtemp(join(tmpdir(), 'fractal-killed-'))
    this.#held.push(() => rm(this.#folder, { recursive: true, force: true }))
    this.#namespace = await makeNamespace(this.temporal)
    this.rpc = await chain.startGate()
    this.#held.push(() => this.rpc.close())
    this.weights = await WeightsGate.install(this.database.url)
    this.#held.push(() => this.weights.close())
    this.wallets = await gridWallets(join(this.#folder, 'wallets'), ['verifier', ...PROVERS])
    this.netuid = await chain.makeSubnet({
      tempo: TEMPO,
      weightsRateLimit: 0,
      minAllowedWeights: 1,
      maxWeightLimit: 65_535,
      servingRateLimit: 0,
      commitReveal: false,
    })
    await chain.register(this.netuid, this.wallets)
    await chain.setStake(this.netuid, this.wallets[0]!.hotkey, STAKE_RAO)
    this.#others.push(await this.#spawn('gpu-worker', {}))
    this.#others.push(await this.#spawn('inference-worker', { 'wallet.name': 'verifier' }))
    // A prover's address has to get into a block.
    const starts = await this.whileBlocksCome(() =>
      Promise.allSettled(PROVERS.map((name) => this.#prover(name))),
    )
    for (const start of starts) if (start.status === 'fulfilled') this.#others.push(start.value)
    for (const start of starts) if (start.status === 'rejected') throw start.reason
    await this.startVerifier()
  }

  /** A block now and then until it is done. */
  async whileBlocksCome<T>(work: () => Promise<T>, everyMs = BLOCK_MS): Promise<T> {
    const done = new AbortController()
    const blocks = async () => {
      while (!done.signal.aborted) {
        await this.chain.newBlock()
        await sleep(everyMs, undefined, { signal: done.signal }).catch(() => undefined)
      }
    }
    const making = blocks()
    try {
      return await work()
    } finally {
      done.abort()
      await making
    }
  }

  async startVerifier(): Promise<void> {
    this.#verifier = await this.#spawn('verifier', {
      'subtensor.chain_endpoint': this.rpc.url,
      'wallet.name': 'verifier',
    })
  }

  /**
   * kill -9, and what time alone would bring otherwise: its transaction ends, its lease (15 s) and its
   * activity's heartbeat (10 s) run out.
   */
  async killVerifier(n: number): Promise<void> {
    this.#verifier!.kill('SIGKILL')
    await this.#verifier!.exited
    await this.weights.open()
    await this.database.db.execute('UPDATE leases SET holder = NULL')
    const { connection } = this.temporal.client
    const { workflow, activity } = new Client({ connection, namespace: this.#namespace })
    const workflowId = intervalWorkflowId(this.netuid, this.id.verifier, n)
    const { raw } = await workflow.getHandle(workflowId).describe()
    for (const { activityId } of raw.pendingActivities ?? []) {
      await activity.fail({ workflowId, activityId: activityId! }, new Error('it was killed'))
    }
  }

  async stop(): Promise<void> {
    await this.#verifier?.stop(STOP_MS)
    await Promise.all(this.#others.splice(0).map((role) => role.stop(STOP_MS)))
    for (const release of this.#held.splice(0).reverse()) await release()
  }

  async #prover(name: string): Promise<Role> {
    return this.#spawn('prover', {
      'wallet.name': name,
      'neuron.name': name,
      'axon.host': this.chain.axonHost,
      'axon.port': await freePort(),
    })
  }

  #spawn(role: string, own: Readonly<Record<string, string | number | boolean>>): Promise<Role> {
    const options = {
      netuid: this.netuid,
      'subtensor.network': this.chain.network,
      'subtensor.chain_endpoint': this.chain.url,
      'wallet.path': join(this.#folder, 'wallets'),
      'state.dir': join(this.#folder, 'state'),
      'database.url': this.database.url,
      'temporal.address': this.temporal.address,
      'temporal.namespace': this.#namespace,
      'chain.allow_private_addresses': true,
      'model.dir': MODEL,
      device: 'cpu',
      profile: 'test',
      'neuron.compute_stats_interval': INTERVAL_BLOCKS,
    }
    return spawnTestRole(role, { ...options, ...own }, this.#folder)
  }
}
