import type { Log } from '../base/log.js'

/** A caller says something of our clock for so long. */
const REMEMBERED_MS = 600_000
/** What strangers make us read for it is bounded: one body a second. */
const PROOF_EVERY_MS = 1000

/**
 * What callers' stamps say of this prover's clock. One caller whose stamps are refused has a wrong clock;
 * when all have, it is ours, and nobody can ask us for anything.
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

  /** Whether it is worth looking at the signature of a request whose stamp is refused. */
  wantsProof(): boolean {
    if (this.#now() - this.#provedAtMs < PROOF_EVERY_MS) return false
    this.#provedAtMs = this.#now()
    return true
  }

  /** @param caller one that may ask, and signed what it sent */
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

  /** For `/readyz`; null while a caller is accepted, or none asked. */
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
