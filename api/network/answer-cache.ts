import { createHash } from 'node:crypto'
import type { Request, RequestHandler, Response } from 'express'
import { LRUCache } from 'lru-cache'
import type { Semaphore } from '../../base/concurrency/semaphore.js'
import type { ApiDeps } from '../deps.js'
import { isKnown } from '../http/byte-range.js'

/** Nothing here changes more often than once in a block. */
const TTL_MS = 1_000
/** One is at most some hundred kB. */
const MAX_ANSWERS = 128

interface Answer {
  /** When its making began, by `elapsed`. */
  readonly madeAt: number
  readonly body: string
  readonly etag: string
}

/**
 * Answers of `/v1/network`, each made once a second whoever asks: pages poll them, and many watchers
 * must cost Postgres no more than one. `max-age=1` spares a browser the same second, the ETag spares it
 * the bytes of what has not changed.
 */
export class NetworkAnswers {
  readonly #deps: Pick<ApiDeps, 'elapsed' | 'publicNetwork'>
  readonly #semaphore: Semaphore
  readonly #answers: LRUCache<string, Promise<Answer>>

  constructor(deps: Pick<ApiDeps, 'elapsed' | 'publicNetwork'>, semaphore: Semaphore) {
    this.#deps = deps
    this.#semaphore = semaphore
    this.#answers = new LRUCache({
      max: MAX_ANSWERS,
      ttlResolution: 0,
      perf: { now: deps.elapsed },
    })
  }

  /** @param query what the handler read of it, so that nothing else makes an answer of its own */
  async send(
    req: Request,
    res: Response,
    query: unknown,
    make: () => Promise<unknown>,
  ): Promise<void> {
    const { body, etag } = await this.#answer(`${req.path} ${JSON.stringify(query)}`, make)
    const open = this.#deps.publicNetwork && req.headers.authorization === undefined
    res.set({
      ETag: etag,
      'Cache-Control': `${open ? 'public' : 'private'}, max-age=1`,
      'Content-Type': 'application/json; charset=utf-8',
    })
    if (isKnown(req.headers['if-none-match'], etag)) res.status(304).end()
    else res.send(body)
  }

  #answer(key: string, make: () => Promise<unknown>): Promise<Answer> {
    const known = this.#answers.get(key)
    if (known !== undefined) return known
    const answer = this.#semaphore.run(async () => {
      const madeAt = this.#deps.elapsed()
      return { madeAt, ...encode(await make()) }
    })
    // No expiry while it waits and is made: concurrent callers get the same.
    this.#answers.set(key, answer, { ttl: 0 })
    const isCached = () => this.#answers.peek(key) === answer
    answer.then(
      ({ madeAt }) => {
        if (isCached()) this.#answers.set(key, answer, { ttl: TTL_MS, start: madeAt })
      },
      // An error goes to those who wait for it, not to the next caller.
      () => {
        if (isCached()) this.#answers.delete(key)
      },
    )
    return answer
  }
}

function encode(answer: unknown): { body: string; etag: string } {
  const body = JSON.stringify(answer)
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url')}"` }
}

/** These answers hold nothing of the asker's: any web page may read them. */
export const openToPages: RequestHandler = (_req, res, next) => {
  res.set('Access-Control-Allow-Origin', '*')
  next()
}
