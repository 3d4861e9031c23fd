import { withDeadline } from '../../base/concurrency/deadline.js'
import { messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'

/** Why a role can't do its work, in a few words that may be public; null when it can. */
export type HealthCheck = () => Promise<string | null> | string | null

export interface NotReady {
  readonly check: string
  readonly why: string
}

export interface Readiness {
  readonly status: 'ready' | 'not_ready' | 'stopping'
  readonly reasons: readonly NotReady[]
}

/** How long a check may take before it counts as failed. */
const DEADLINE_MS = 2_000
/** How long a result is shared by all callers: each check may cost a connection. */
const CACHE_MS = 1_000

/** What one process needs to do its work, and whether it has that now. */
export class Health {
  readonly #checks = new Map<string, HealthCheck>()
  readonly #log: Log
  readonly #now: () => number
  #phase: 'starting' | 'started' | 'stopping' = 'starting'
  #until = 0
  #cached: Promise<NotReady[]> | null = null

  /** @param now milliseconds of a monotonic clock */
  constructor(log: Log, now: () => number = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  /** @param why what is reported when the check throws; the error itself is for the log */
  check(name: string, run: HealthCheck, why = 'down'): void {
    this.#checks.set(name, async () => {
      try {
        return await withDeadline(DEADLINE_MS, run)
      } catch (error) {
        this.#log.warn({ check: name, reason: messageOf(error) }, 'not ready')
        return why
      }
    })
    this.#until = 0
  }

  started(): void {
    this.#phase = 'started'
  }

  stopping(): void {
    this.#phase = 'stopping'
  }

  async readiness(): Promise<Readiness> {
    const reasons = await this.#cachedResults()
    // Not shared: a process that stops says so immediately.
    if (this.#phase === 'stopping') return { status: 'stopping', reasons }
    const all =
      this.#phase === 'starting' ? [{ check: 'start', why: 'not finished' }, ...reasons] : reasons
    return { status: all.length === 0 ? 'ready' : 'not_ready', reasons: all }
  }

  /** One run of the checks at a time. */
  #cachedResults(): Promise<NotReady[]> {
    if (this.#cached === null || this.#now() >= this.#until) {
      this.#until = Number.POSITIVE_INFINITY
      this.#cached = this.#runChecks()
    }
    return this.#cached
  }

  async #runChecks(): Promise<NotReady[]> {
    const results = await Promise.all(
      [...this.#checks].map(async ([check, run]) => ({ check, why: await run() })),
    )
    this.#until = this.#now() + CACHE_MS
    return results.filter((each): each is NotReady => each.why !== null)
  }
}
