import { FractalError } from '../../base/errors.js'
import type { MissedCause } from '../../rules/explain/missed-causes.js'

type Trouble = Extract<MissedCause, 'ledger_down' | 'chain_down'>

/**
 * Tracks whether this process was able to begin intervals: the cause recorded for a missed one is what
 * actually kept it from looking, not a guess made afterwards.
 */
export class Attendance {
  /** The final block at which this process first looked. */
  #since: number | null = null
  /** What has kept it from looking since it last could. */
  #trouble: Trouble | null = null

  began(finalized: number): void {
    this.#since ??= finalized
  }

  /** It has looked, and everything it needs was available. */
  looked(): void {
    this.#trouble = null
  }

  failed(error: unknown): void {
    this.#trouble = troubleOf(error) ?? this.#trouble
  }

  /** @param block the last one at which the interval could have begun */
  causeAt(block: number): MissedCause {
    if (this.#since === null || this.#since > block) return this.#trouble ?? 'verifier_down'
    return this.#trouble ?? 'loop_down'
  }
}

function troubleOf(error: unknown): Trouble | null {
  if (!(error instanceof FractalError)) return null
  if (error.code === 'ledger_unavailable') return 'ledger_down'
  return error.code.startsWith('chain_') || error.code === 'not_finalized' ? 'chain_down' : null
}
