import { type NewOutcome, recordOutcomes } from '../ledger/attempts.js'
import type { VerifierDeps } from './verifier-deps.js'

/**
 * Records outcomes as they come, so that one slow prover holds up nobody else's: those that arrive
 * while a write is under way go together with the next one.
 */
export class OutcomeWriter {
  readonly #deps: Pick<VerifierDeps, 'db' | 'id'>
  #waiting: NewOutcome[] = []
  #writing: Promise<void> | null = null

  constructor(deps: Pick<VerifierDeps, 'db' | 'id'>) {
    this.#deps = deps
  }

  add(row: NewOutcome): void {
    this.#waiting.push(row)
    this.#writing ??= this.#drain()
    // Thrown by `finished`.
    this.#writing.catch(() => undefined)
  }

  /** @throws LedgerError when an outcome could not be stored: its prover is asked again, and replays */
  async finished(): Promise<void> {
    await this.#writing
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      await recordOutcomes(this.#deps.db, this.#deps.id, batch)
    }
    this.#writing = null
  }
}
