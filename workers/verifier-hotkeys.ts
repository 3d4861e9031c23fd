import type { SubnetReading, SubnetWatch } from './subnet-watch.js'

/**
 * Who may set weights on a subnet: neurons with a validator permit, and its owner. Known from the readings of
 * the process, so that nobody waits for the chain; while it does not answer, the last reading stays in force
 * (before the first: nobody).
 */
export class VerifierHotkeys {
  /** With the moment, of a monotonic clock, from which each is known. */
  #sinceMs: ReadonlyMap<string, number> | null = null

  constructor(
    subnet: Pick<SubnetWatch, 'onReading'>,
    private readonly now = () => performance.now(),
  ) {
    subnet.onReading(({ neurons, params: { ownerHotkey } }: SubnetReading) => {
      const permitted = neurons.flatMap((one) => (one.validatorPermit ? [one.hotkey] : []))
      const hotkeys = ownerHotkey === null ? permitted : [...permitted, ownerHotkey]
      const before = this.#sinceMs
      // Those of the first reading may have been there for ever.
      const unseenMs = before === null ? Number.NEGATIVE_INFINITY : this.now()
      this.#sinceMs = new Map(hotkeys.map((one) => [one, before?.get(one) ?? unseenMs]))
    })
  }

  /** @param forMs only if it has been one for so long */
  readonly has = (hotkey: string, forMs = 0): boolean => {
    const sinceMs = this.#sinceMs?.get(hotkey)
    return sinceMs !== undefined && this.now() - sinceMs >= forMs
  }
}
