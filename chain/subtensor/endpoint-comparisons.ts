import type { Log } from '../../base/log.js'
import type { BlockRef } from '../chain.js'
import { ChainError } from '../errors.js'
import { type Comparison, compareEndpoints } from './compare-endpoints.js'
import type { EndpointRests } from './endpoint-rests.js'
import { shownEndpoint } from './rpc-socket.js'
import type { Session } from './session.js'

const FIRST_MS = 10_000
const USUAL_MS = 300_000

export interface ComparedEndpoints {
  readonly endpoints: readonly string[]
  readonly rests: EndpointRests
  /** The one in use, if any. */
  readonly used: () => Session | null
  /** Opens another; it is closed here. @throws ChainError */
  readonly open: (url: string) => Promise<Session>
  /** Another could not be opened or asked. */
  readonly failed: (url: string, error: ChainError) => void
  /** The one in use is not to be believed. */
  readonly leave: (used: Session, why: string) => void
  readonly log: Log | null
  /** Default 5 minutes. */
  readonly everyMs?: number
}

type Doubt = Extract<Comparison, { why: string }>

/**
 * Compares the endpoint in use with the others now and then, until one agrees with it. Where none does it is left:
 * it may be a fork that calls itself final, or stuck.
 */
export class EndpointComparisons {
  readonly #deps: ComparedEndpoints
  #timer: NodeJS.Timeout | null = null
  #isStopped = false
  /** Endpoints of other chains, of which a line was said. */
  readonly #strangers = new Set<string>()
  /** The newest final block that was believed. */
  #agreed: BlockRef | null = null

  constructor(deps: ComparedEndpoints) {
    this.#deps = deps
  }

  /** From now on, if not already. */
  begin(): void {
    this.#next(FIRST_MS)
  }

  stop(): void {
    this.#isStopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  /**
   * That an endpoint has the block that was believed, unless it is behind it.
   * @throws ChainError `chain_forked`, and what asking throws
   */
  async assertNoFork(session: Session): Promise<void> {
    if (this.#agreed === null) return
    const { number, hash } = this.#agreed
    const found = await session.blockHash(number).catch((error: unknown) => {
      if (error instanceof ChainError && error.code === 'UnknownBlock') return hash
      throw error
    })
    if (found === hash) return
    const { endpoint } = session.socket
    const message = `${endpoint} has another block ${number} than other endpoints: ${found}, not ${hash}`
    throw new ChainError('chain_forked', message, { retryable: true, details: { endpoint } })
  }

  #next(ms: number): void {
    if (this.#isStopped || this.#timer !== null) return
    const { everyMs = USUAL_MS, log } = this.#deps
    this.#timer = setTimeout(
      async () => {
        await this.#compare().catch((error: unknown) => {
          log?.debug({ err: error }, 'chain endpoints could not be compared')
        })
        this.#timer = null
        this.#next(everyMs)
      },
      Math.min(ms, everyMs),
    )
    // It must not keep a process alive that has nothing else to do.
    this.#timer.unref()
  }

  async #compare(): Promise<void> {
    const { endpoints, rests, used, leave, log } = this.#deps
    const mine = used()
    if (mine === null) return
    const doubts: { url: string; found: Doubt }[] = []
    for (const url of endpoints) {
      if (url === mine.socket.url || rests.leftMs(url) > 0) continue
      const found = await this.#compareWith(mine, url)
      if (found.is === 'no witness') continue
      if (found.is === 'same') {
        this.#agreed = found.block
        for (const doubt of doubts) rests.distrusted(doubt.url)
        const contradicted = doubts.map((doubt) => shownEndpoint(doubt.url))
        if (contradicted.length === 0) return
        log?.warn({ endpoints: contradicted }, 'chain endpoints that others contradict')
        return
      }
      doubts.push({ url, found })
    }
    const [doubt] = doubts
    if (doubt === undefined || used() !== mine) return
    if (doubt.found.is === 'forked') this.#agreed = doubt.found.theirs
    rests.distrusted(mine.socket.url)
    leave(mine, doubt.found.why)
  }

  async #compareWith(mine: Session, url: string): Promise<Comparison> {
    let other: Session | null = null
    try {
      other = await this.#deps.open(url)
      return await compareEndpoints(mine, other)
    } catch (error) {
      if (!(error instanceof ChainError)) throw error
      // It may be the one in use that failed: then there is another next time.
      if (mine.socket.fault === null) this.#deps.failed(url, error)
      if (error.code === 'genesis_changed' && !this.#strangers.has(url)) {
        this.#strangers.add(url)
        this.#deps.log?.warn({ err: error.message }, 'a chain endpoint is of another chain')
      }
      return { is: 'no witness' }
    } finally {
      other?.socket.close()
    }
  }
}
