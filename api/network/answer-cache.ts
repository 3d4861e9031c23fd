import { createHash } from 'node:crypto'
import type { Request, RequestHandler, Response } from 'express'
import type { Semaphore } from '../../base/concurrency/semaphore.js'
import type { ApiDeps } from '../deps.js'
import { isKnown } from '../http/byte-range.js'

/** How old an answer may be. Nothing here changes more often than once in a block. */
const KEPT_MS = 1_000
/** Answers kept at once; one is at most some hundred kB. */
const MAX_KEPT = 128

interface Kept {
  /** Milliseconds since 1970; endless while it waits for its turn to be made. */
  until: number
  readonly answer: Promise<{ readonly body: string; readonly etag: string }>
}

/**
 * Answers of `/v1/network`, each made once a second whoever asks: pages poll them, and many watchers
 * must cost Postgres no more than one. `max-age=1` spares a browser the same second, the ETag spares it
 * the bytes of what has not changed.
 */
export class NetworkAnswers {
  readonly #deps: Pick<ApiDeps, 'now' | 'publicNetwork'>
  readonly #semaphore: Semaphore
  readonly #kept = new Map<string, Kept>()

  constructor(deps: Pick<ApiDeps, 'now' | 'publicNetwork'>, semaphore: Semaphore) {
    this.#deps = deps
    this.#semaphore = semaphore
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

  #answer(key: string, make: () => Promise<unknown>): Kept['answer'] {
    const now = this.#deps.now()
    const known = this.#kept.get(key)
    if (known !== undefined && now < known.until) return known.answer
    const answer = this.#semaphore.run(async () => {
      kept.until = this.#deps.now() + KEPT_MS
      return encode(await make())
    })
    const kept: Kept = { until: Number.POSITIVE_INFINITY, answer }
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    this.#dropOld(now)
    // An error is told to those who wait for it, not to who asks next.
    kept.answer.catch(() => {
      if (this.#kept.get(key) === kept) this.#kept.delete(key)
    })
    return kept.answer
  }

  /** The oldest come first. */
  #dropOld(now: number): void {
    for (const [key, { until }] of this.#kept) {
      if (until > now && this.#kept.size <= MAX_KEPT) return
      this.#kept.delete(key)
    }
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
