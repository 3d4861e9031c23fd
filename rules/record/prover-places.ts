import type { ProverKey } from '../settle/settlement.js'

/** Numbers the provers that a record refers to often, in the order of first use. */
export class ProverPlaces {
  readonly provers: ProverKey[] = []
  readonly #places = new Map<string, number>()

  /** A prover's number, assigned at the first call. */
  readonly indexOf = ({ hotkey, registeredBlock }: ProverKey): number => {
    const key = `${hotkey}@${registeredBlock}`
    const known = this.#places.get(key)
    if (known !== undefined) return known
    this.#places.set(key, this.provers.length)
    return this.provers.push({ hotkey, registeredBlock }) - 1
  }
}
