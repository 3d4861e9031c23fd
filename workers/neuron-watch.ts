import { FractalError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { Metrics } from '../base/metrics.js'
import type { Chain, Neuron } from '../chain/chain.js'
import { startPeriodic } from './sweeps/periodic.js'

/** A neuron changes with its registration and once an epoch: five blocks are soon enough. */
const PERIOD_BLOCKS = 5
const MAX_PERIOD_MS = 60_000

export interface NeuronWatchDeps {
  readonly chain: Pick<Chain, 'metagraph' | 'subnetParams' | 'blockSeconds'>
  readonly netuid: number
  /** ss58. */
  readonly hotkey: string
  /** Whether this role needs a validator permit, which the subnet's owner does without. */
  readonly needsPermit: boolean
  /** Called after each look while the hotkey is registered. */
  readonly onNeuron?: (neuron: Neuron) => Promise<void>
  readonly log: Log
}

interface Standing {
  readonly isRegistered: boolean
  /** Or needs none. */
  readonly isPermitted: boolean
}

/**
 * Watches the neuron that a process needs on the chain, for as long as it runs: a hotkey can lose its
 * place to a newcomer and its permit to larger stakes at any epoch. What changes is logged once.
 */
export class NeuronWatch {
  readonly #deps: NeuronWatchDeps
  readonly #timer: { stop: () => void }
  #standing: Standing = { isRegistered: true, isPermitted: true }

  constructor(deps: NeuronWatchDeps) {
    this.#deps = deps
    const periodMs = Math.min(MAX_PERIOD_MS, PERIOD_BLOCKS * deps.chain.blockSeconds * 1000)
    const failure = 'looking at our own neuron failed; will retry'
    this.#timer = startPeriodic(periodMs, () => this.look(), deps.log, failure)
  }

  stop(): void {
    this.#timer.stop()
  }

  get standing(): Standing {
    return this.#standing
  }

  /** For `/readyz`. */
  whyNotReady(): string | null {
    const { isRegistered, isPermitted } = this.#standing
    const { netuid } = this.#deps
    if (!isRegistered) return `the hotkey is not registered on subnet ${netuid}: register it`
    return isPermitted ? null : `the hotkey has no validator permit on subnet ${netuid}: add stake`
  }

  /** @throws ChainError while the chain does not answer, and what `onNeuron` throws */
  async look(): Promise<void> {
    const { onNeuron } = this.#deps
    const neuron = await this.#find()
    const isPermitted = neuron === undefined || (await this.#isPermitted(neuron))
    this.#note({ isRegistered: neuron !== undefined, isPermitted }, neuron)
    if (neuron !== undefined) await onNeuron?.(neuron)
  }

  async #find(): Promise<Neuron | undefined> {
    const { chain, netuid, hotkey } = this.#deps
    try {
      const { neurons } = await chain.metagraph(netuid)
      return neurons.find((each) => each.hotkey === hotkey)
    } catch (error) {
      if (error instanceof FractalError && error.code === 'SubNetworkDoesNotExist') return undefined
      throw error
    }
  }

  async #isPermitted({ validatorPermit, hotkey }: Neuron): Promise<boolean> {
    const { chain, netuid, needsPermit } = this.#deps
    if (!needsPermit || validatorPermit) return true
    return (await chain.subnetParams(netuid)).ownerHotkey === hotkey
  }

  #note(now: Standing, neuron: Neuron | undefined): void {
    const before = this.#standing
    const { log, netuid } = this.#deps
    this.#standing = now
    if (now.isRegistered !== before.isRegistered) {
      if (neuron === undefined) {
        const hint = 'Register it, or check --netuid, --wallet.name and --wallet.hotkey.'
        log.warn({ netuid, hint }, 'the hotkey is not registered')
      } else {
        log.info({ netuid, uid: neuron.uid }, 'the hotkey is registered again')
      }
    }
    if (now.isPermitted !== before.isPermitted) {
      if (now.isPermitted) log.info({ netuid }, 'the hotkey has a validator permit again')
      else log.warn({ netuid, hint: 'Add stake.' }, 'the hotkey has no validator permit')
    }
  }
}

/** For alerts: what `/readyz` says in words. */
export function exportNeuronMetrics(
  metrics: Metrics,
  watch: Pick<NeuronWatch, 'standing'>,
  { needsPermit }: Pick<NeuronWatchDeps, 'needsPermit'>,
): void {
  metrics.readGauge(
    'fractal_neuron_registered',
    '1 while this process’ hotkey is registered on the subnet',
    () => (watch.standing.isRegistered ? 1 : 0),
  )
  if (!needsPermit) return
  metrics.readGauge(
    'fractal_neuron_permitted',
    '1 while this process’ hotkey has a validator permit, or needs none',
    () => (watch.standing.isPermitted ? 1 : 0),
  )
}
