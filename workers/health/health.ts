import { FractalError, messageOf } from '../../base/errors.js'
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

/** How long a look may take before it counts as failed. */
const DEADLINE_MS = 2_000
/** How long a finding is told to all who ask: each look may cost a connection. */
const SHARED_MS = 1_000

/** What one process needs to do its work, and whether it has that now. */
export class Health {
  readonly #looks = new Map<string, HealthCheck>()
  readonly #log: Log
  readonly #now: () => number
  #phase: 'starting' | 'started' | 'stopping' = 'starting'
  #until = 0
  #found: Promise<NotReady[]> | null = null

  constructor(log: Log, now: () => number = Date.now) {
    this.#log = log
    this.#now = now
  }

  /** @param why what it says while the look fails; the error itself is for the log */
  check(name: string, look: HealthCheck, why = 'down'): void {
    this.#looks.set(name, async () => {
      try {
        return await inTime(look)
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
    const reasons = await this.#look()
    // Not shared: a process that stops says so at once.
    if (this.#phase === 'stopping') return { status: 'stopping', reasons }
    const all =
      this.#phase === 'starting' ? [{ check: 'start', why: 'not finished' }, ...reasons] : reasons
    return { status: all.length === 0 ? 'ready' : 'not_ready', reasons: all }
  }

  /** One look at a time. */
  #look(): Promise<NotReady[]> {
    if (this.#found === null || this.#now() >= this.#until) {
      this.#until = Number.POSITIVE_INFINITY
      this.#found = this.#lookNow()
    }
    return this.#found
  }

  async #lookNow(): Promise<NotReady[]> {
    const found = await Promise.all(
      [...this.#looks].map(async ([check, look]) => ({ check, why: await look() })),
    )
    this.#until = this.#now() + SHARED_MS
    return found.filter((each): each is NotReady => each.why !== null)
  }
}

async function inTime(look: HealthCheck): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new FractalError('too_slow', `no answer within ${DEADLINE_MS} ms`)),
      DEADLINE_MS,
    )
  })
  try {
    return await Promise.race([look(), late])
  } finally {
    clearTimeout(timer)
  }
}
