import type { Log } from '../base/log.js'

/** How long a caller's word about our clock counts. */
const REMEMBERED_MS = 600_000
/** Limits what strangers can make us read for this: one body per second. */
const PROOF_EVERY_MS = 1000

/**
 * What callers' timestamps say about this prover's clock. If one caller's timestamps are refused, its clock
 * is wrong; if all are, ours is, and nobody can send us requests.
 */
export class CallersClock {
  readonly #last = new Map<string, { stale: boolean; atMs: number }>()
  readonly #log: Log
  readonly #now: () => number
  #provedAtMs = Number.NEGATIVE_INFINITY
  #wrong = false

  /** @param now milliseconds of a monotonic clock */
  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  /** Whether to verify the signature of a request whose timestamp is refused. */
  wantsProof(): boolean {
    if (this.#now() - this.#provedAtMs < PROOF_EVERY_MS) return false
    this.#provedAtMs = this.#now()
    return true
  }

  /** @param caller an admitted one, with a verified signature */
  note(caller: string, word: 'accepted' | 'stale'): void {
    this.#last.delete(caller)
    this.#last.set(caller, { stale: word === 'stale', atMs: this.#now() })
    const wrong = this.problem() !== null
    if (wrong === this.#wrong) return
    this.#wrong = wrong
    if (wrong) {
      this.#log.warn(
        { callers: this.#last.size },
        'every caller’s requests are stale: the clock of this machine is wrong. Set it (NTP)',
      )
    } else this.#log.info('callers’ requests are accepted again: the clock is right')
  }

  /** For `/readyz`; null while any caller is accepted, or there was none. */
  problem(): string | null {
    for (const [caller, { atMs }] of this.#last) {
      if (this.#now() - atMs <= REMEMBERED_MS) break
      this.#last.delete(caller)
    }
    const words = [...this.#last.values()]
    return words.length > 0 && words.every(({ stale }) => stale)
      ? 'every caller’s requests are stale: set this clock'
      : null
  }
}
