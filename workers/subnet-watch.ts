import { FractalError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { Chain, Neuron, SubnetParams } from '../chain/chain.js'
import { startPeriodic } from './sweeps/periodic.js'

/** Neurons change with registrations and once an epoch: five blocks are soon enough. */
const PERIOD_BLOCKS = 5
const MAX_PERIOD_MS = 60_000

/** What a process goes by of its subnet. */
export interface SubnetReading {
  /** None where there is no such subnet. */
  readonly neurons: readonly Neuron[]
  readonly params: Pick<SubnetParams, 'ownerHotkey' | 'minStakeRao'>
}

export interface SubnetWatchDeps {
  readonly chain: Pick<Chain, 'metagraph' | 'blockSeconds'> & {
    subnetParams(...of: Parameters<Chain['subnetParams']>): Promise<SubnetReading['params']>
  }
  readonly netuid: number
  readonly log: Log
  /** Between two readings; default: five blocks, a minute at most. */
  readonly periodMs?: number
}

type Listener = (reading: SubnetReading) => Promise<void> | void

const NO_SUBNET: SubnetReading = { neurons: [], params: { ownerHotkey: null, minStakeRao: 0n } }

/** Reads a process' subnet every few blocks, once for all in it that go by its neurons. */
export class SubnetWatch {
  readonly #deps: SubnetWatchDeps
  readonly #listeners: Listener[] = []
  readonly #timer: { stop: () => void }
  #newest: SubnetReading | null = null

  constructor(deps: SubnetWatchDeps) {
    this.#deps = deps
    const { blockSeconds } = deps.chain
    const periodMs = deps.periodMs ?? Math.min(MAX_PERIOD_MS, PERIOD_BLOCKS * blockSeconds * 1000)
    const failure = 'reading the subnet failed; will retry'
    this.#timer = startPeriodic(periodMs, () => this.read(), deps.log, failure)
  }

  /** Called with the newest reading, if there was one, and after each from now on. */
  onReading(listener: Listener): void {
    this.#listeners.push(listener)
    if (this.#newest !== null) void listener(this.#newest)
  }

  stop(): void {
    this.#timer.stop()
  }

  /** @throws ChainError while the chain does not answer, and what listeners throw */
  async read(): Promise<void> {
    const reading = await this.#read()
    this.#newest = reading
    for (const listener of this.#listeners) await listener(reading)
  }

  async #read(): Promise<SubnetReading> {
    const { chain, netuid } = this.#deps
    try {
      const { neurons, block } = await chain.metagraph(netuid)
      return { neurons, params: await chain.subnetParams(netuid, block) }
    } catch (error) {
      if (error instanceof FractalError && error.code === 'SubNetworkDoesNotExist') return NO_SUBNET
      throw error
    }
  }
}
