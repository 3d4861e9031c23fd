import { describeError, FractalError, messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import type { Hex } from '../../formats/bytes.js'
import { ChainError } from '../errors.js'
import { EndpointComparisons } from './endpoint-comparisons.js'
import { EndpointRests } from './endpoint-rests.js'
import type { ChainTarget } from './endpoints.js'
import { RefusalError } from './refusal.js'
import { isFault } from './rpc-error.js'
import { RpcSocket, shownEndpoint } from './rpc-socket.js'
import { Session } from './session.js'

export interface ConnectionOptions {
  /** Deadline of each request, and of opening a connection. */
  deadlineMs: number
  /** After this long without a new block, it reconnects to the next endpoint. */
  silenceMs: number
  /** How often what the endpoint says is compared with another's, where several are given. Default 5 minutes. */
  compareMs?: number
  log: Log | null
}

/** Pauses between attempts to reconnect in the background. */
const RECONNECT_MS = { first: 500, longest: 30_000 }
/** Who has served for so long is forgiven its refusals. */
const SETTLED_MS = 30_000

/**
 * A connection to one chain through several endpoints: the first that answers and belongs to that chain is
 * used until it fails; then the next in order. It reconnects by itself, so that blocks keep arriving.
 */
export class Connection {
  readonly target: ChainTarget
  readonly #options: ConnectionOptions
  #genesis: Hex | null
  #session: Session | null = null
  #opening: Promise<Session> | null = null
  /** Index of the endpoint to try first when a connection is needed. */
  #next = 0
  #closed = false
  #reconnect: NodeJS.Timeout | null = null
  #silence: NodeJS.Timeout | null = null
  #head = -1
  #final = -1
  #newBlockAt = performance.now()
  readonly #rests = new EndpointRests()
  readonly #comparisons: EndpointComparisons
  readonly #waiting = new Set<() => void>()

  constructor(target: ChainTarget, options: ConnectionOptions) {
    this.target = target
    this.#genesis = target.genesis
    this.#options = options
    this.#comparisons = new EndpointComparisons({
      endpoints: target.endpoints,
      rests: this.#rests,
      used: () => this.#session,
      open: (url) => this.#openSession(url),
      failed: (url, error) => this.#noteFailure(url, error),
      leave: (session, why) => this.#drop(session, new ChainError('chain_forked', why)),
      log: options.log,
      ...(options.compareMs === undefined ? {} : { everyMs: options.compareMs }),
    })
  }

  /** The endpoint in use, else the one to try next, in a form that may be shown. */
  get endpoint(): string {
    return this.#session?.socket.endpoint ?? shownEndpoint(this.target.endpoints[this.#next]!)
  }

  get genesis(): Hex {
    if (this.#genesis === null) throw new Error('the genesis is known after the first connection')
    return this.#genesis
  }

  /** Time since an endpoint last reported a new block. */
  lastBlockAgeMs(): number {
    return performance.now() - this.#newBlockAt
  }

  /**
   * Runs an operation on one endpoint; if the connection or the endpoint fails, it runs again from the start
   * on the next, each endpoint once. The operation must be safe to run twice.
   * @throws ChainError: what it throws, and `chain_unreachable`, `chain_timeout`, `genesis_changed`
   */
  async run<T>(operation: (session: Session) => Promise<T>): Promise<T> {
    // A single endpoint also gets a second chance if its connection was lost: it may have been idle.
    const attempts = Math.max(this.target.endpoints.length, 2)
    for (let attempt = 1; ; attempt++) {
      const session = await this.#connected()
      try {
        return await session.run(operation)
      } catch (error) {
        if (session.socket.fault !== null) this.#drop(session, session.socket.fault)
        if (!isFault(error)) throw asChainError(error, session.socket.endpoint)
        const alone = this.target.endpoints.length === 1
        if (attempt >= attempts || (alone && error.code === 'chain_timeout')) throw error
      }
    }
  }

  /** Call it with a head that an operation has seen: any new block counts. */
  sawHead(number: number): void {
    if (number === this.#head) return
    this.#head = number
    this.#newBlockAt = performance.now()
    this.#watchSilence()
    for (const wake of [...this.#waiting]) wake()
  }

  /** Another endpoint may be behind: then its number counts. */
  #sawFinal(number: number): void {
    this.#final = number
    for (const wake of [...this.#waiting]) wake()
  }

  /** Resolves at the next new block, or after `longestMs`. */
  nextBlock(longestMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, longestMs)
      this.#waiting.add(done)
    })
  }

  /** The newest final block that an endpoint told of, once there is one after this; null when that takes too long. */
  async nextFinalized(after: number, longestMs: number): Promise<number | null> {
    const until = performance.now() + longestMs
    while (this.#final <= after) {
      const left = until - performance.now()
      if (left <= 0 || this.#closed) return null
      await this.nextBlock(left)
    }
    return this.#final
  }

  close(): void {
    this.#closed = true
    if (this.#reconnect !== null) clearTimeout(this.#reconnect)
    if (this.#silence !== null) clearTimeout(this.#silence)
    this.#comparisons.stop()
    const session = this.#session
    this.#session = null
    session?.socket.close()
    for (const wake of [...this.#waiting]) wake()
  }

  #connected(): Promise<Session> {
    if (this.#closed) return Promise.reject(closedHere())
    if (this.#session !== null) return Promise.resolve(this.#session)
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null
    })
    return this.#opening
  }

  /** Tries each endpoint once, starting with `#next`. */
  async #open(): Promise<Session> {
    const { endpoints } = this.target
    const failures: ChainError[] = []
    for (let i = 0; i < endpoints.length; i++) {
      const at = (this.#next + i) % endpoints.length
      const url = endpoints[at]!
      const leftMs = this.#rests.leftMs(url)
      if (leftMs > 0) {
        failures.push(leftAlone(url, leftMs))
        continue
      }
      try {
        const session = await this.#openAt(url)
        if (this.#closed) {
          session.socket.close()
          throw closedHere()
        }
        this.#next = at
        this.#session = session
        session.socket.onEnd((fault) => {
          this.#noteFailure(url, fault)
          this.#lost(session)
        })
        if (failures.length > 0) {
          const failed = failures.map(({ message }) => message)
          const { endpoint } = session.socket
          this.#options.log?.warn({ endpoint, failed }, 'chain endpoint in use after others failed')
        }
        if (endpoints.length > 1) this.#comparisons.begin()
        return session
      } catch (error) {
        if (!(error instanceof ChainError)) throw error
        this.#noteFailure(url, error)
        failures.push(error)
      }
    }
    throw combined(this.target.network, failures)
  }

  async #openAt(url: string): Promise<Session> {
    const session = await this.#openSession(url)
    const openedAt = performance.now()
    try {
      await this.#comparisons.assertNoFork(session)
      await session.watchHeads(({ number }) => {
        this.sawHead(number)
        if (performance.now() - openedAt > SETTLED_MS) this.#rests.served(url)
      })
      await session.watchFinalized(({ number }) => this.#sawFinal(number))
      this.#watchSilence()
      return session
    } catch (error) {
      session.socket.close()
      throw error
    }
  }

  /** Of this chain, by its genesis. */
  async #openSession(url: string): Promise<Session> {
    const socket = await RpcSocket.open(url, this.#options.deadlineMs)
    try {
      const session = new Session(socket)
      const genesis = await session.genesisHash()
      this.#checkGenesis(genesis, socket.endpoint)
      this.#genesis = genesis
      return session
    } catch (error) {
      socket.close()
      throw error
    }
  }

  #noteFailure(url: string, error: ChainError): void {
    if (error instanceof RefusalError) this.#rests.refused(url, error.retryAfterMs)
    if (error.code === 'chain_forked') this.#rests.distrusted(url)
  }

  #checkGenesis(found: Hex, endpoint: string): void {
    const expected = this.#genesis
    if (expected === null || found === expected) return
    const { network } = this.target
    const message = `${endpoint} is not the chain ${network}: its genesis is ${found}, not ${expected}`
    const details = { endpoint, expected, found }
    throw new ChainError('genesis_changed', message, { details })
  }

  /** The connection ended by itself: reconnect, so that blocks keep arriving. */
  #lost(session: Session): void {
    if (this.#session !== session) return
    this.#session = null
    if (this.#closed) return
    this.#options.log?.warn({ endpoint: session.socket.endpoint }, 'chain connection lost')
    this.#reconnectIn(RECONNECT_MS.first)
  }

  /** The endpoint failed during an operation: from now on, try the next one first. */
  #drop(session: Session, error: ChainError): void {
    if (this.#session !== session && this.#session !== null) return
    this.#next =
      (this.target.endpoints.indexOf(session.socket.url) + 1) % this.target.endpoints.length
    this.#options.log?.warn(
      { endpoint: session.socket.endpoint, err: error.message },
      'chain endpoint failed',
    )
    this.#session = null
    session.socket.close()
    this.#reconnectIn(RECONNECT_MS.first)
  }

  #reconnectIn(ms: number): void {
    if (this.#closed) return
    if (this.#reconnect !== null) clearTimeout(this.#reconnect)
    this.#reconnect = setTimeout(() => {
      this.#connected().catch((error: unknown) => {
        this.#options.log?.warn({ err: describeError(error) }, 'chain cannot be reached')
        this.#reconnectIn(Math.min(ms * 2, RECONNECT_MS.longest))
      })
    }, ms)
    // It must not keep the process alive if nothing else does.
    this.#reconnect.unref()
  }

  /** A connection may be silently dead, or its node stuck behind the network. */
  #watchSilence(): void {
    if (this.#silence !== null) clearTimeout(this.#silence)
    if (this.#closed) return
    const { silenceMs } = this.#options
    this.#silence = setTimeout(() => {
      const session = this.#session
      const message = `no new block in ${silenceMs} ms`
      if (session !== null) this.#drop(session, new ChainError('chain_timeout', message))
      this.#watchSilence()
    }, silenceMs)
    this.#silence.unref()
  }
}

function leftAlone(url: string, leftMs: number): ChainError {
  const seconds = Math.ceil(leftMs / 1000)
  const message = `${shownEndpoint(url)} refused us or was contradicted: it is left alone for ${seconds} s`
  return new ChainError('chain_unreachable', message, { retryable: true })
}

function closedHere(): ChainError {
  return new ChainError('chain_unreachable', 'this process has closed its connection to the chain')
}

/** Polkadot's API throws plain errors for answers that it can't parse. */
function asChainError(error: unknown, endpoint: string): unknown {
  if (error instanceof FractalError) return error
  const message = `${endpoint} sent an answer that can't be parsed: ${messageOf(error)}`
  return new ChainError('bad_chain_answer', message, { cause: error })
}

/** A single failure is returned unchanged; several are listed by endpoint, and retryable if any one is. */
function combined(network: string, failures: ChainError[]): ChainError {
  const [only] = failures
  if (only !== undefined && failures.length === 1) return only
  const retryable = failures.find((failure) => failure.retryable)
  const { code } = retryable ?? only!
  const told = failures.map(({ message }) => message).join('; ')
  const message = `none of the ${failures.length} endpoints of ${network} can be used: ${told}`
  return new ChainError(code, message, { retryable: retryable !== undefined, cause: only })
}
