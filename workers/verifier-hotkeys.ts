import type { SubnetReading, SubnetWatch } from './subnet-watch.js'

/**
 * Who may set weights on a subnet: neurons with a validator permit, and its owner. Known from the readings of
 * the process, so that nobody waits for the chain; while it does not answer, the last reading stays in force
 * (before the first: nobody).
 */
export class VerifierHotkeys {
  #hotkeys: ReadonlySet<string> = new Set()

  constructor(subnet: Pick<SubnetWatch, 'onReading'>) {
    subnet.onReading(({ neurons, params: { ownerHotkey } }: SubnetReading) => {
      const permitted = neurons.flatMap((one) => (one.validatorPermit ? [one.hotkey] : []))
      this.#hotkeys = new Set(ownerHotkey === null ? permitted : [...permitted, ownerHotkey])
    })
  }

  readonly has = (hotkey: string): boolean => this.#hotkeys.has(hotkey)
}
