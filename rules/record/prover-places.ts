import type { ProverKey } from '../settle/settlement.js'

/** Numbers for the provers that a record names often, in the order in which it first does. */
export class ProverPlaces {
  readonly provers: ProverKey[] = []
  readonly #places = new Map<string, number>()

  /** A prover's number, its own from the first call on. */
  readonly indexOf = ({ hotkey, registeredBlock }: ProverKey): number => {
    const key = `${hotkey}@${registeredBlock}`
    const known = this.#places.get(key)
    if (known !== undefined) return known
    this.#places.set(key, this.provers.length)
    return this.provers.push({ hotkey, registeredBlock }) - 1
  }
}
