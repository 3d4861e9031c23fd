import type { Log } from '../base/log.js'
import type { Metrics } from '../base/metrics.js'
import type { Neuron } from '../chain/chain.js'
import type { SubnetReading, SubnetWatch } from './subnet-watch.js'

/** What a role's hotkey needs beside its registration; the subnet's owner does without either. */
export type NeuronNeeds = readonly ('permit' | 'stake')[]

export interface NeuronWatchDeps {
  readonly subnet: Pick<SubnetWatch, 'onReading'>
  readonly netuid: number
  /** ss58. */
  readonly hotkey: string
  readonly needs: NeuronNeeds
  /** Called after each look while the hotkey is registered. */
  readonly onNeuron?: (neuron: Neuron) => Promise<void>
  readonly log: Log
}

interface Standing {
  readonly isRegistered: boolean
  /** Or needs none, as in `isStaked`. */
  readonly isPermitted: boolean
  readonly isStaked: boolean
}

/** In rao: 10^9 are a TAO, or one of the subnet's alpha. */
const RAO = 10n ** 9n

/**
 * Watches the neuron that a process needs on the chain, for as long as it runs: a hotkey can lose its
 * place to a newcomer, its permit to larger stakes and its stake to whoever holds its coldkey. What changes is
 * logged once.
 */
export class NeuronWatch {
  readonly #deps: NeuronWatchDeps
  #standing: Standing = { isRegistered: true, isPermitted: true, isStaked: true }
  #leastRao = 0n

  constructor(deps: NeuronWatchDeps) {
    this.#deps = deps
    deps.subnet.onReading((reading) => this.#look(reading))
  }

  get standing(): Standing {
    return this.#standing
  }

  /** For `/readyz`. */
  whyNotReady(): string | null {
    const { isRegistered, isPermitted, isStaked } = this.#standing
    const { netuid } = this.#deps
    if (!isRegistered) return `the hotkey is not registered on subnet ${netuid}: register it`
    if (!isStaked) {
      return `the hotkey has less stake than the ${inTao(this.#leastRao)} that weights need on subnet ${netuid}: add stake`
    }
    return isPermitted ? null : `the hotkey has no validator permit on subnet ${netuid}: add stake`
  }

  async #look({ neurons, params }: SubnetReading): Promise<void> {
    const { hotkey, needs, onNeuron } = this.#deps
    const neuron = neurons.find((each) => each.hotkey === hotkey)
    const { ownerHotkey, minStakeRao } = params
    const lacks = (need: NeuronNeeds[number], has: boolean) =>
      neuron !== undefined && needs.includes(need) && ownerHotkey !== hotkey && !has
    this.#leastRao = minStakeRao
    const now = {
      isRegistered: neuron !== undefined,
      isPermitted: !lacks('permit', neuron?.validatorPermit === true),
      isStaked: !lacks('stake', (neuron?.stakeRao ?? 0n) >= minStakeRao),
    }
    this.#note(now, neuron)
    if (neuron !== undefined) await onNeuron?.(neuron)
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
    if (now.isStaked !== before.isStaked) {
      if (now.isStaked) log.info({ netuid }, 'the hotkey has the stake again that weights need')
      else {
        const facts = { netuid, stake: inTao(neuron?.stakeRao ?? 0n), least: inTao(this.#leastRao) }
        log.warn({ ...facts, hint: 'Add stake.' }, 'the hotkey has less stake than weights need')
      }
    }
  }
}

/** Whole ones, and as much of the rest as says something. */
function inTao(rao: bigint): string {
  const rest = (rao % RAO).toString().padStart(9, '0').replace(/0+$/, '')
  return rest === '' ? `${rao / RAO}` : `${rao / RAO}.${rest}`
}

/** For alerts: what `/readyz` says in words. */
export function exportNeuronMetrics(
  metrics: Metrics,
  watch: Pick<NeuronWatch, 'standing'>,
  needs: NeuronNeeds,
): void {
  metrics.readGauge(
    'fractal_neuron_registered',
    '1 while this process’ hotkey is registered on the subnet',
    () => (watch.standing.isRegistered ? 1 : 0),
  )
  if (needs.includes('permit')) {
    metrics.readGauge(
      'fractal_neuron_permitted',
      '1 while this process’ hotkey has a validator permit, or needs none',
      () => (watch.standing.isPermitted ? 1 : 0),
    )
  }
  if (!needs.includes('stake')) return
  metrics.readGauge(
    'fractal_neuron_staked',
    '1 while this process’ hotkey has the stake that weights need, or needs none',
    () => (watch.standing.isStaked ? 1 : 0),
  )
}
